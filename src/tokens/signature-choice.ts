import { type Algorithm, algorithmNames } from '../jwt/algorithms.ts'
import { type AccessTokenType, DEFAULT_ACCESS_TOKEN_TYPE } from '../oauth/access-token-type.ts'
import type { Subject } from './access-token.ts'

/** How a token is to be signed, and what its header says that it is. */
export interface SignatureChoice {
  /** Each once, the one that is wanted first; the others are for when it has no key that signs yet. */
  readonly algorithms: readonly Algorithm[]
  readonly typ: AccessTokenType
}

/**
 * Chooses how a token is signed: by the client's algorithm, else by that of its audiences, else by
 * the first of `usual`, else by any there is; and its `typ`. Of several audiences the first that asks
 * for an algorithm is heard, and the first that asks for a `typ`, in the order of the client's list:
 * whoever needs both ways requests a token for each by `resource` (RFC 8707 §2).
 */
export function chooseSignature(
  { client, audience }: Pick<Subject, 'client' | 'audience'>,
  usual: readonly Algorithm[],
): SignatureChoice {
  const rules = client.audience.filter((rule) => audience.includes(rule.audience))
  const ofAudience = rules.find((rule) => rule.signingAlg !== undefined)?.signingAlg
  const asked = [client.signingAlg, ofAudience].filter((one) => one !== undefined)
  const typ = rules.find((rule) => rule.typ !== undefined)?.typ
  return {
    // An algorithm that verifiers may not want is better than no token at all.
    algorithms: [...new Set([...asked, ...usual, ...algorithmNames])],
    typ: typ ?? DEFAULT_ACCESS_TOKEN_TYPE,
  }
}
