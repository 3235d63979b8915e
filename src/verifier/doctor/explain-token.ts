import type { JWK } from 'jose'
import type { Explanation, VerifierOptions } from '../types.ts'
import { createVerifier } from '../verifier.ts'
import type { Diagnosis } from './diagnosis.ts'
import { examineToken } from './examine-token.ts'

/** See ExamineOptions. */
interface Asked {
  readonly issuer: string
  readonly audience: string
  readonly token?: string | undefined
  readonly terms?: Pick<VerifierOptions, 'typ' | 'clockTolerance' | 'maxTokenLifetime'>
  readonly clock: () => number
}

/**
 * Looks at the token by keys that are there already; without any, as far as it shows what is wrong itself.
 * @param calledItself what the metadata name as the issuer. A token that says the same is no other's: that
 * the issuer was given wrongly is not its fault, and was said already.
 */
export async function explainToken(
  asked: Asked,
  jwks: readonly JWK[],
  calledItself: unknown,
): Promise<Diagnosis[]> {
  const { token, issuer, audience } = asked
  if (token === undefined) return []
  const explanation = await explain(token, asked, jwks)
  const isOnlyNamed = explanation.claims?.iss === calledItself && calledItself !== issuer
  if (!isOnlyNamed || !isIssuer(calledItself)) return examineToken(explanation, audience)
  return examineToken(await explain(token, { ...asked, issuer: calledItself }, jwks), audience)
}

async function explain(
  token: string,
  { issuer, audience, clock, terms }: Asked,
  jwks: readonly JWK[],
): Promise<Explanation> {
  const fetch: VerifierOptions['fetch'] = async () => Response.json({ keys: jwks })
  const jwksUri = 'https://fetched.invalid/jwks.json'
  const verifier = createVerifier({ ...terms, issuer, audience, clock, fetch, jwksUri })
  try {
    return await verifier.explain(token)
  } finally {
    verifier.close()
  }
}

/** Whatever the metadata say, a verifier takes only what may be one (RFC 8414 §2). */
function isIssuer(name: unknown): name is string {
  return typeof name === 'string' && /^https?:\/\/[^?#\s]+$/.test(name) && URL.canParse(name)
}
