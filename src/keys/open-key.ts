import type { KeyObject } from 'node:crypto'
import { createPublicKey } from 'node:crypto'
import type { Algorithm, PublicJwk } from '../jwt/algorithms.ts'
import { createSign, type Sign } from '../jwt/sign.ts'
import { thumbprint } from '../jwt/thumbprint.ts'
import { createVerifySignature, type VerifySignature } from '../jwt/verify.ts'
import type { MasterKeys } from './master-keys.ts'
import { CannotUnseal } from './seal.ts'
import { openPrivateKey, openPublicKey, type PublishedKey, type SigningKey } from './signing-key.ts'

/** A published key, ready to verify with. */
export interface VerificationKey {
  readonly algorithm: Algorithm
  /** SubjectPublicKeyInfo in PEM (RFC 7468 §13). */
  readonly pem: string
  readonly verifySignature: VerifySignature
}

/** A key that a master key has opened: its public half is therefore one of ours. */
export interface OpenKey extends VerificationKey {
  /** As it is published (RFC 7517 §4). */
  readonly publicJwk: PublicJwk
  /** The signer for that `typ` (RFC 7515 §4.1.9); built once. */
  signer(typ: string): Sign
}

/**
 * Opens a key with the master key that its row names. What is published comes out of the sealed half
 * and not out of the row: who can write to the database alone publishes no key. Throws CannotUnseal.
 */
export function openKey(key: SigningKey, masterKeys: MasterKeys): OpenKey {
  const { kid, algorithm } = key
  const privateKey = openPrivateKey(key, masterKeys)
  const publicKey = createPublicKey(privateKey)
  const jwk = publicKey.export({ format: 'jwk' })
  if (thumbprint(jwk) !== kid) {
    throw new CannotUnseal(`signing key ${kid} is not the thumbprint of what is sealed in its row`)
  }
  const signers = new Map<string, Sign>()
  return {
    ...toVerificationKey(algorithm, publicKey),
    publicJwk: { ...jwk, kid, alg: algorithm, use: 'sig' },
    signer(typ) {
      const built = signers.get(typ)
      if (built !== undefined) return built
      const sign = createSign({ kid, algorithm, privateKey, typ })
      signers.set(typ, sign)
      return sign
    },
  }
}

/** Makes a key's public half ready to verify with; needs no master key. */
export function openVerification(key: PublishedKey): VerificationKey {
  return toVerificationKey(key.algorithm, openPublicKey(key))
}

function toVerificationKey(algorithm: Algorithm, publicKey: KeyObject): VerificationKey {
  return {
    algorithm,
    pem: publicKey.export({ type: 'spki', format: 'pem' }) as string,
    verifySignature: createVerifySignature({ algorithm, publicKey }),
  }
}
