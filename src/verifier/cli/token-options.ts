import type { JWK } from 'jose'
import type { VerifierOptions } from '../types.ts'
import { CommandFailure } from './outcome.ts'
import type { Surroundings } from './surroundings.ts'

/** How tokens are taken, and by which keys; see the options of the command line. */
export interface TokenOptions {
  readonly typ?: string | undefined
  /** In seconds, like the next. */
  readonly clockTolerance?: number | undefined
  readonly maxTokenLifetime?: number | undefined
  readonly jwksUri?: string | undefined
  readonly jwksFile?: string | undefined
}

export type TokenTerms = Pick<VerifierOptions, 'typ' | 'clockTolerance' | 'maxTokenLifetime'>

/** Those that were given, as a verifier is told them. */
export function termsOf({ typ, clockTolerance, maxTokenLifetime }: TokenOptions): TokenTerms {
  return {
    ...(typ !== undefined && { typ }),
    ...(clockTolerance !== undefined && { clockTolerance }),
    ...(maxTokenLifetime !== undefined && { maxTokenLifetime }),
  }
}

/** The keys of a file, if one was named. Throws CommandFailure where it holds no JWK set (RFC 7517 §5). */
export async function readKeyFile(
  { jwksFile }: TokenOptions,
  { readFile }: Pick<Surroundings, 'readFile'>,
): Promise<readonly JWK[] | undefined> {
  if (jwksFile === undefined) return undefined
  const text = await readFile(jwksFile).catch((error: Error) => {
    throw new CommandFailure('usage', `--jwks-file cannot be read: ${error.message}`)
  })
  const keys = keysOf(text)
  if (Array.isArray(keys)) return keys
  throw new CommandFailure('usage', '--jwks-file holds no JWK set: { "keys": […] }')
}

function keysOf(text: string): unknown {
  try {
    return Object(JSON.parse(text)).keys
  } catch {
    return undefined
  }
}
