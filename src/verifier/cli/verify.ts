import { CODES, type VerifyCode } from '../errors.ts'
import type { VerifierOptions } from '../types.ts'
import { createVerifier } from '../verifier.ts'
import { asCommandOptions, asUsage } from './option-names.ts'
import { EXIT, type Outcome } from './outcome.ts'
import type { Surroundings } from './surroundings.ts'
import { readKeyFile, type TokenOptions, termsOf } from './token-options.ts'
import { describeFinding } from './words.ts'

/** What a token is verified by; see the options of the command line. */
export interface VerifyRequest extends TokenOptions {
  readonly issuer: string
  readonly audience: string
  readonly scope?: string | undefined
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
  const { issuer, audience } = asked
  const source = await keySource(asked, surroundings)
  const verifier = await asUsage(() =>
    createVerifier({
      ...{ issuer, audience, clock: surroundings.clock },
      ...termsOf(asked),
      ...(asked.revocation && { revocation: { by: 'poll', whenStale: 'closed' } }),
      ...source,
    }),
  )
  try {
    const options = asked.scope === undefined ? {} : { scope: asked.scope }
    const { good, code, findings } = await verifier.explain(token, options)
    const isKnown = good || !isUnknown(code)
    const told = findings.map(({ hint, ...finding }) =>
      hint === undefined ? finding : { ...finding, hint: asCommandOptions(hint) },
    )
    return {
      json: { kind: 'access_token', good: isKnown ? good : null, code, checks: told },
      text: `${told.map(describeFinding).join('\n')}\n\n${verdict(good, code)}`,
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
  asked: VerifyRequest,
  surroundings: Pick<Surroundings, 'fetch' | 'readFile'>,
): Promise<Pick<VerifierOptions, 'fetch' | 'jwksUri'>> {
  const { fetch } = surroundings
  const { jwksUri } = asked
  const keys = await readKeyFile(asked, surroundings)
  if (keys === undefined) return { fetch, ...(jwksUri !== undefined && { jwksUri }) }
  return {
    jwksUri: FROM_FILE,
    fetch: async (url, init) =>
      String(url) === FROM_FILE ? Response.json({ keys }) : fetch(url, init),
  }
}
