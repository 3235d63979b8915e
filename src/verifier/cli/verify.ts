import { CODES, type VerifyCode } from '../errors.ts'
import type { VerifierOptions } from '../types.ts'
import { createVerifier } from '../verifier.ts'
import type { Arguments } from './arguments.ts'
import { CommandFailure, EXIT, type Outcome } from './outcome.ts'
import type { Surroundings } from './surroundings.ts'
import { describeFinding } from './words.ts'

/** Where keys from a file seem to come from, as a verifier fetches them from somewhere. */
const FROM_FILE = 'https://file.invalid/jwks.json'

/** Verifies a token over the network, or by keys from a file, and shows every finding. */
export async function verify(
  token: string,
  asked: Arguments,
  surroundings: Surroundings,
): Promise<Outcome> {
  const verifier = createVerifier({
    issuer: asked.issuer,
    audience: asked.audience,
    clock: surroundings.clock,
    ...(asked.typ !== undefined && { typ: asked.typ }),
    ...(asked.revocation && { revocation: { by: 'poll', whenStale: 'closed' } }),
    ...(await keySource(asked, surroundings)),
  })
  try {
    const options = asked.scope === undefined ? {} : { scope: asked.scope }
    const { good, code, findings } = await verifier.explain(token, options)
    const verdict = good ? 'This access token is good.' : `This access token is NOT good: ${code}.`
    return {
      json: { kind: 'access_token', good, code, checks: findings },
      text: `${findings.map(describeFinding).join('\n')}\n\n${verdict}`,
      exitCode: good ? EXIT.ok : exitCodeOf(code),
    }
  } finally {
    verifier.close()
  }
}

/** A token that is refused is one thing, not to know is another. */
function exitCodeOf(code: string | undefined): number {
  return CODES[code as VerifyCode]?.status === 503 ? EXIT.unavailable : EXIT.no
}

async function keySource(
  { jwksFile, jwksUri }: Arguments,
  { fetch, readFile }: Surroundings,
): Promise<Pick<VerifierOptions, 'fetch' | 'jwksUri'>> {
  if (jwksFile === undefined) return { fetch, ...(jwksUri !== undefined && { jwksUri }) }
  const text = await readFile(jwksFile).catch((error: Error) => {
    throw new CommandFailure('usage', `--jwks-file cannot be read: ${error.message}`)
  })
  return {
    jwksUri: FROM_FILE,
    fetch: async (url, init) => {
      const isKeys = String(url) === FROM_FILE
      return isKeys ? new Response(text) : fetch(url, init)
    },
  }
}
