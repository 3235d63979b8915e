import { noOrigin } from '../audit/event.ts'
import type { RecordEvents } from '../audit/store.ts'
import type { Clock } from '../base/clock.ts'
import { entityTag } from '../base/hash.ts'
import type { Random } from '../base/random.ts'
import type { Database } from '../db/connect.ts'
import type { Algorithm, PublicJwk } from '../jwt/algorithms.ts'
import { createSign, type Sign } from '../jwt/sign.ts'
import { createVerifySignature, type VerifySignature } from '../jwt/verify.ts'
import type { MasterKeys } from './master-keys.ts'
import {
  createSigningKey,
  isPublished,
  openPrivateKey,
  openPublicKey,
  type SigningKey,
} from './signing-key.ts'
import { addFirstSigningKey, listSigningKeys } from './store.ts'

/** A published key, ready to verify with. */
export interface VerificationKey {
  readonly algorithm: Algorithm
  /** SubjectPublicKeyInfo in PEM (RFC 7468 §13). */
  readonly pem: string
  readonly verifySignature: VerifySignature
}

/** The JWK set (RFC 7517 §5), serialised once. */
export interface JwksDocument {
  readonly body: string
  readonly etag: string
}

/** The signing keys in memory: after `load`, signing and verifying ask no database. */
export interface KeyRing {
  /**
   * Reads the keys, making the first ones if there are none. Throws CannotUnseal when no master key
   * opens one, and DatabaseUnavailable.
   */
  load(): Promise<void>
  readonly loaded: boolean
  /** The signer of the active key of an algorithm. Throws before `load`. */
  signer(algorithm: Algorithm): Sign
  /** The published key of that `kid`. */
  find(kid: string): VerificationKey | undefined
  /** Undefined before `load`. */
  jwks(): JwksDocument | undefined
}

interface Contents {
  signers: Map<Algorithm, Sign>
  published: Map<string, VerificationKey>
  jwks: JwksDocument
}

export function createKeyRing(options: {
  database: Database
  masterKeys: MasterKeys
  clock: Clock
  random: Random
  recordEvents: RecordEvents
}): KeyRing {
  const { database, masterKeys, clock, random, recordEvents } = options
  let contents: Contents | undefined
  return {
    async load() {
      let keys = await listSigningKeys(database.kysely)
      const missing = (['ES256', 'RS256'] as const).filter(
        (algorithm) => !keys.some((key) => key.algorithm === algorithm && key.state === 'active'),
      )
      for (const algorithm of missing) {
        const at = clock.now()
        const key = await createSigningKey(algorithm, 'active', { masterKeys, random, at })
        await database.transaction(async (tx) => {
          if (!(await addFirstSigningKey(tx, key))) return
          await recordEvents(tx, noOrigin, [{ type: 'key.created', kid: key.kid, alg: algorithm }])
        })
      }
      if (missing.length > 0) keys = await listSigningKeys(database.kysely)
      contents = open(keys, masterKeys)
    },
    get loaded() {
      return contents !== undefined
    },
    signer(algorithm) {
      const sign = contents?.signers.get(algorithm)
      if (sign === undefined) throw new Error(`there is no active ${algorithm} key`)
      return sign
    },
    find: (kid) => contents?.published.get(kid),
    jwks: () => contents?.jwks,
  }
}

function open(keys: SigningKey[], masterKeys: MasterKeys): Contents {
  const published = keys.filter(isPublished)
  const active = published.filter((key) => key.state === 'active')
  return {
    signers: new Map(active.map((key) => [key.algorithm, openSigner(key, masterKeys)])),
    published: new Map(published.map((key) => [key.kid, openVerification(key)])),
    jwks: serialise(published.map((key) => key.publicJwk)),
  }
}

function openSigner(key: SigningKey, masterKeys: MasterKeys): Sign {
  return createSign({
    kid: key.kid,
    algorithm: key.algorithm,
    privateKey: openPrivateKey(key, masterKeys),
    typ: 'at+jwt',
  })
}

/** Makes a key's public half ready to verify with; needs no master key. */
export function openVerification(key: SigningKey): VerificationKey {
  const publicKey = openPublicKey(key)
  return {
    algorithm: key.algorithm,
    pem: publicKey.export({ type: 'spki', format: 'pem' }) as string,
    verifySignature: createVerifySignature({ algorithm: key.algorithm, publicKey }),
  }
}

function serialise(published: PublicJwk[]): JwksDocument {
  // One order of keys and members everywhere, so that all replicas answer the same bytes.
  const order = ['kid', 'alg', 'use', 'kty', 'crv', 'x', 'y', 'n', 'e'] as const
  const keys = published
    .toSorted((a, b) => (a.kid < b.kid ? -1 : 1))
    .map((jwk) =>
      Object.fromEntries(order.flatMap((name) => (name in jwk ? [[name, jwk[name]]] : []))),
    )
  const body = JSON.stringify({ keys })
  return { body, etag: entityTag(body) }
}
