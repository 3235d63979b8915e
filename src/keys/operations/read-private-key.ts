import { createPrivateKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import { requireJwkFor, requireKeyFor, UnfitKey } from '../../jwt/accept-key.ts'
import type { Algorithm } from '../../jwt/algorithms.ts'
import { isAlgorithm } from '../signing-key.ts'
import { requireSound } from './sound-key.ts'

/** The text holds no private key that can sign here; the message says why and nothing of the text. */
export class InvalidKey extends Error {
  override readonly name = 'InvalidKey'
}

/** A private key and the one algorithm that it is to sign by. */
export interface GivenKey {
  readonly privateKey: KeyObject
  readonly algorithm: Algorithm
  /** What a JWK calls itself; it is called by its thumbprint here. */
  readonly givenKid: string | undefined
}

/**
 * Reads a private key as PKCS#8 in PEM (RFC 7468 §10) or as one JWK (RFC 7517 §4).
 * @param algorithm what it is to sign by; without it the JWK's `alg`, or the only one of its curve
 * @throws InvalidKey for anything that is no such key, or cannot sign so
 */
export function readPrivateKey(text: string, algorithm?: Algorithm): GivenKey {
  try {
    const given = text.trim()
    return given.startsWith('{') ? readJwk(given, algorithm) : readPem(given, algorithm)
  } catch (error) {
    if (error instanceof UnfitKey) throw new InvalidKey(error.message)
    throw error
  }
}

const PRIVATE_BLOCK = /-----BEGIN PRIVATE KEY-----[A-Za-z0-9+/=\s]+-----END PRIVATE KEY-----/g
const TO_PKCS8 = 'openssl pkcs8 -topk8 -nocrypt -in <file>'

/** What else a PEM file may hold, and what to do about it. The first that fits is told. */
const OTHER_BLOCKS: readonly (readonly [label: RegExp, problem: string])[] = [
  [
    /BEGIN ENCRYPTED PRIVATE KEY|Proc-Type: 4,ENCRYPTED/,
    `is encrypted: decrypt it first, by ${TO_PKCS8}`,
  ],
  [/BEGIN (RSA|EC) PRIVATE KEY/, `is no PKCS#8: convert it by ${TO_PKCS8}`],
  [/BEGIN OPENSSH PRIVATE KEY/, 'is of OpenSSH: convert it by ssh-keygen -p -m PKCS8 -f <file>'],
  [/BEGIN (RSA )?PUBLIC KEY|BEGIN CERTIFICATE/, 'is public only: its private half is needed'],
]

function readPem(text: string, wanted: Algorithm | undefined): GivenKey {
  const blocks = text.match(PRIVATE_BLOCK) ?? []
  if (blocks.length > 1) throw new InvalidKey('the file holds several private keys: give one')
  const [block] = blocks
  if (block === undefined) {
    const problem = OTHER_BLOCKS.find(([label]) => label.test(text))?.[1]
    throw new InvalidKey(
      problem ? `the key ${problem}` : 'there is no private key: give PKCS#8 in PEM or one JWK',
    )
  }
  const privateKey = open(() => createPrivateKey(block), 'what the PEM holds is no private key')
  return accept(privateKey, wanted, undefined)
}

function readJwk(text: string, wanted: Algorithm | undefined): GivenKey {
  const jwk = open(() => JSON.parse(text) as JsonWebKey, 'the text is neither PEM nor JSON')
  const { kty, kid, d } = jwk
  if ('keys' in jwk) throw new InvalidKey('this is a JWK set: give one JWK of it')
  if (kty === 'oct')
    throw new InvalidKey('kty oct is a shared secret, and nothing is signed by one')
  const said = namedBy(jwk.alg)
  if (d === undefined) throw new InvalidKey('the JWK is public only: its private half is needed')
  const privateKey = open(
    () => createPrivateKey({ key: jwk, format: 'jwk' }),
    'the JWK holds no private key that is known here: kty RSA, EC with P-256 or P-384, or OKP with Ed25519, and all their members',
  )
  const given = accept(privateKey, wanted ?? said, jwk)
  return { ...given, givenKid: typeof kid === 'string' ? kid : undefined }
}

/** The algorithm that the `alg` of a JWK names, if it has one. */
function namedBy(alg: unknown): Algorithm | undefined {
  if (alg === undefined) return undefined
  if (typeof alg !== 'string') throw new InvalidKey('its alg is no text, and names no algorithm')
  if (isAlgorithm(alg)) return alg
  throw new InvalidKey(`its alg is ${quoted(alg)}, by which nothing is signed here`)
}

function accept(
  privateKey: KeyObject,
  wanted: Algorithm | undefined,
  jwk: JsonWebKey | undefined,
): GivenKey {
  const algorithm = wanted ?? onlyAlgorithmOf(privateKey)
  requireKeyFor(algorithm, privateKey)
  if (jwk !== undefined) {
    requireJwkFor(algorithm, jwk)
    const operations = (jwk.key_ops ?? ['sign']) as string[]
    if (!operations.includes('sign'))
      throw new InvalidKey('the key_ops of the JWK allow no signing')
  }
  requireSound(privateKey, algorithm, jwk)
  return { privateKey, algorithm, givenKid: undefined }
}

/** By curve; RSA keys can sign by two algorithms, and what they were used for is not ours to guess. */
function onlyAlgorithmOf({ asymmetricKeyType: type, asymmetricKeyDetails }: KeyObject): Algorithm {
  const { namedCurve: curve } = asymmetricKeyDetails ?? {}
  if (type === 'rsa') throw new InvalidKey('an RSA key signs by RS256 or PS256: say which (alg)')
  if (type === 'ed25519') return 'EdDSA'
  if (curve === 'prime256v1') return 'ES256'
  if (curve === 'secp384r1') return 'ES384'
  throw new InvalidKey(
    `it is a key of ${curve ?? type}: nothing but P-256, P-384, Ed25519 and RSA signs here`,
  )
}

/** Whatever the parser says of it may repeat what it has read. */
function open<T>(work: () => T, problem: string): T {
  try {
    return work()
  } catch {
    throw new InvalidKey(problem)
  }
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 20))
}
