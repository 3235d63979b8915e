import type { Answer } from './answer.ts'
import { CommandFailure, EXIT } from './failure.ts'
import { type IssuerOptions, requireAudience, surroundings } from './issuer-options.ts'
import { readToken } from './token-inspect.ts'

/** What the doctor may be asked. */
export interface DoctorOptions extends IssuerOptions {
  readonly origin?: string
  readonly token?: string
  readonly strict?: boolean
}

/** Examines an issuer over the network, as its verifiers see it. */
export async function examineIssuer(options: DoctorOptions & { issuer: string }): Promise<Answer> {
  if (options.origin !== undefined) {
    throw new CommandFailure('usage', '--origin is of this deployment, not of --issuer', EXIT.usage)
  }
  const audience = requireAudience(options.audience)
  const token = options.token === undefined ? undefined : await readToken(options.token)
  // Loaded only here: no other command needs its library.
  const { doctor } = await import('../verifier/cli/doctor.ts')
  return doctor(token, { ...options, audience }, surroundings)
}
