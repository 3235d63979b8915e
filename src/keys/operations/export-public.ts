import type { PublicJwk } from '../../jwt/algorithms.ts'
import { serialiseJwks } from '../jwks.ts'
import type { MasterKeys } from '../master-keys.ts'
import { openKey, openVerification } from '../open-key.ts'
import type { SigningKey } from '../signing-key.ts'

/** The public half of a key. */
export interface PublicHalf {
  /** RFC 7517 §4. */
  readonly jwk: PublicJwk
  /** SubjectPublicKeyInfo in PEM (RFC 7468 §13). */
  readonly pem: string
}

/**
 * The public half of any key. With master keys it comes out of the sealed half, as what is published
 * does; without them, and of a key whose private half was erased, out of the row, which whoever can
 * write to the database could have changed. Throws CannotUnseal.
 */
export function exportPublicHalf(key: SigningKey, masterKeys: MasterKeys | undefined): PublicHalf {
  if (masterKeys === undefined || key.sealed === undefined) {
    return { jwk: key.publicJwk, pem: openVerification(key).pem }
  }
  const { publicJwk: jwk, pem } = openKey(key, masterKeys)
  return { jwk, pem }
}

/**
 * The JWK set of keys (RFC 7517 §5): of all published ones, and with master keys, the bytes that the
 * service answers with. Throws like {@link exportPublicHalf}.
 */
export function exportJwks(
  keys: readonly SigningKey[],
  masterKeys: MasterKeys | undefined,
): string {
  const jwks = keys.map((key) => exportPublicHalf(key, masterKeys).jwk)
  return serialiseJwks(jwks, undefined).body
}
