import { CODES, type VerifyCode } from '../errors.ts'
import type { VerifierOptions } from '../types.ts'
import { createVerifier } from '../verifier.ts'
import { CommandFailure, EXIT, type Outcome } from './outcome.ts'
import type { Surroundings } from './surroundings.ts'
import { describeFinding } from './words.ts'

/** What a token is verified by; see the options of the command line. */
export interface VerifyRequest {
  readonly issuer: string
  readonly audience: string
  readonly scope?: string | undefined
  readonly typ?: string | undefined
  readonly jwksUri?: string | undefined
  readonly jwksFile?: string | undefined
  readonly revocation?: boolean | undefined
}

/** Where keys from a file seem to come from, as a verifier fetches them from somewhere. */
const FROM_FILE = 'https://file.invalid/jwks.json'

/** Verifies a token over the network, or by keys from a file, and shows every finding. */
export async function verify(
  token: string,
  asked: VerifyRequest,
  surroundings: Pick<Surroundings, 'fetch' | 'clock' | 'readFile'>,
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
    const isKnown = good || !isUnknown(code)
    return {
      json: { kind: 'access_token', good: isKnown ? good : null, code, checks: findings },
      text: `${findings.map(describeFinding).join('\n')}\n\n${verdict(good, code)}`,
      exitCode: good ? EXIT.ok : isKnown ? EXIT.no : EXIT.unavailable,
    }
  } finally {
    verifier.close()
  }
}

/** A token that is refused is one thing, not to know is another. */
function isUnknown(code: string | undefined): boolean {
  return CODES[code as VerifyCode]?.status === 503
}

function verdict(good: boolean, code: string | undefined): string {
  if (good) return 'This access token is good.'
  return isUnknown(code)
    ? `Nothing can be said of this access token: ${code}.`
    : `This access token is NOT good: ${code}.`
}

async function keySource(
  { jwksFile, jwksUri }: VerifyRequest,
  { fetch, readFile }: Pick<Surroundings, 'fetch' | 'readFile'>,
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
