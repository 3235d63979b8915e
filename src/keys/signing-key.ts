import { createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import type { Random } from '../base/random.ts'
import { openPublicJwk, requireKeyFor, UnfitKey } from '../jwt/accept-key.ts'
import {
  type Algorithm,
  algorithmNames,
  generateSigningKey,
  type PublicJwk,
} from '../jwt/algorithms.ts'
import { thumbprint } from '../jwt/thumbprint.ts'
import type { MasterKeys } from './master-keys.ts'
import { CannotUnseal, type Sealed, seal, unseal } from './seal.ts'

/** The states of a signing key. Only an active one signs; all but `retired` and `revoked` are published. */
export const keyStates = ['next', 'active', 'retiring', 'retired', 'revoked'] as const
export type KeyState = (typeof keyStates)[number]

/** A signing key as it is kept. `kid` is the thumbprint of the public half (RFC 7638). */
export interface SigningKey {
  kid: string
  algorithm: Algorithm
  state: KeyState
  publicJwk: PublicJwk
  /** The private half; erased once the key is withdrawn. */
  sealed: Sealed | undefined
  /** These and below: milliseconds since the epoch. */
  createdAt: number
  /** When every replica had the time to publish it; undefined before, and of a first key. */
  publishedAt: number | undefined
  /** When it begins to sign, or has begun. */
  signsFrom: number
  /** When it has stopped; undefined while it signs or has not begun. */
  signsUntil: number | undefined
  /** When it was retired or revoked, and published no more. */
  withdrawnAt: number | undefined
  /** The longest life of a token that it may have signed. */
  tokenTtlSeconds: number
}

/** What the JWK set is made of. */
export type PublishedKey = Pick<SigningKey, 'kid' | 'algorithm' | 'publicJwk'>

/** Whether the key is in the JWK set: whether what it signed may be good. */
export function isPublished(key: SigningKey): boolean {
  return key.state !== 'retired' && key.state !== 'revoked'
}

/** Makes a new key of an algorithm, which is to be given its place. */
export type MakeKey = (algorithm: Algorithm) => Promise<SigningKey>

/** Makes a key pair whose private half is sealed under the first master key. */
export async function createSigningKey(
  algorithm: Algorithm,
  state: KeyState,
  context: { masterKeys: MasterKeys; random: Random; at: number },
): Promise<SigningKey> {
  const { privateKey } = await generateSigningKey(algorithm)
  return toSigningKey(privateKey, algorithm, state, context)
}

/** Seals a private key of an algorithm under the first master key. */
export function toSigningKey(
  privateKey: KeyObject,
  algorithm: Algorithm,
  state: KeyState,
  context: { masterKeys: MasterKeys; random: Random; at: number },
): SigningKey {
  const jwk = createPublicKey(privateKey).export({ format: 'jwk' })
  const kid = thumbprint(jwk)
  const der = privateKey.export({ type: 'pkcs8', format: 'der' })
  return {
    kid,
    algorithm,
    state,
    publicJwk: { ...jwk, kid, alg: algorithm, use: 'sig' },
    sealed: seal(context.masterKeys, context.random, der, sealingContext(kid, algorithm)),
    createdAt: context.at,
    publishedAt: undefined,
    signsFrom: context.at,
    signsUntil: undefined,
    withdrawnAt: undefined,
    tokenTtlSeconds: 0,
  }
}

/**
 * Opens the private half. Throws CannotUnseal, which names the kid and the master key's id, and UnfitKey,
 * which names the kid, when it cannot serve its algorithm.
 */
export function openPrivateKey(key: SigningKey, masterKeys: MasterKeys): KeyObject {
  const der = unsealPrivateKey(key, masterKeys)
  return naming(key.kid, () => {
    const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    requireKeyFor(key.algorithm, privateKey)
    return privateKey
  })
}

/** The private half, sealed anew under the first master key. Throws CannotUnseal. */
export function resealPrivateKey(
  key: SigningKey,
  { masterKeys, random }: { masterKeys: MasterKeys; random: Random },
): Sealed {
  const der = unsealPrivateKey(key, masterKeys)
  return seal(masterKeys, random, der, sealingContext(key.kid, key.algorithm))
}

function unsealPrivateKey({ kid, algorithm, sealed }: SigningKey, masterKeys: MasterKeys): Buffer {
  if (sealed === undefined) throw new CannotUnseal(`the private half of ${kid} was erased`)
  return unseal(masterKeys, sealed, sealingContext(kid, algorithm))
}

/**
 * Opens the public half, which nothing seals: whoever can write the row could exchange it. Throws
 * UnfitKey, which names the kid, unless it is of the row's algorithm and its thumbprint is the kid.
 */
export function openPublicKey({ kid, algorithm, publicJwk }: PublishedKey): KeyObject {
  return naming(kid, () => {
    const publicKey = openPublicJwk(algorithm, publicJwk)
    // Both, or another spelling of the same number would be published.
    for (const jwk of [publicJwk, publicKey.export({ format: 'jwk' })]) requireKid(kid, jwk)
    const { alg, use } = publicJwk
    if (publicJwk.kid !== kid || alg !== algorithm || use !== 'sig') {
      throw new UnfitKey('its JWK has another kid, or lacks alg or use')
    }
    return publicKey
  })
}

function requireKid(kid: string, jwk: JsonWebKey): void {
  if (thumbprint(jwk) === kid) return
  throw new UnfitKey('its kid is not the thumbprint of its public half')
}

/** Has a refusal say of which key. */
function naming<T>(kid: string, open: () => T): T {
  try {
    return open()
  } catch (error) {
    if (error instanceof UnfitKey) throw new UnfitKey(`signing key ${kid}: ${error.message}`)
    throw error
  }
}

/** A row's algorithm, if this version has it. */
export function isAlgorithm(name: string): name is Algorithm {
  return (algorithmNames as string[]).includes(name)
}

/**
 * What a private half is bound to: purpose, kid and algorithm, none of which holds a space. It opens as
 * nothing else, in no other row, and for no other algorithm.
 */
function sealingContext(kid: string, algorithm: Algorithm): string {
  return `signing key ${kid} ${algorithm}`
}
