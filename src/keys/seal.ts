import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto'
import type { Random } from '../base/random.ts'
import type { MasterKeys, Purpose } from './master-keys.ts'

/** A secret as it lies in the database: nonce 12, tag 16, ciphertext (AES-256-GCM). */
export interface Sealed {
  bytes: Buffer
  masterKeyId: number
}

/** No master key in the list opens this; the message names the key id, never a value. */
export class CannotUnseal extends Error {
  override readonly name = 'CannotUnseal'
}

const CIPHER = 'aes-256-gcm'
const NONCE = 12
const TAG = 16

/**
 * Encrypts `secret` under the key that is derived from the first master key for this purpose and no
 * other. `context`, which names the purpose too, is bound to it (AAD): a row's ciphertext moved to
 * another row, or to another use, does not open.
 */
export function seal(
  keys: MasterKeys,
  random: Random,
  secret: Buffer,
  context: string,
  purpose: Purpose = 'signing-key',
): Sealed {
  const nonce = random.bytes(NONCE)
  const cipher = createCipheriv(CIPHER, sealingKey(keys, keys.first, context, purpose), nonce, {
    authTagLength: TAG,
  })
  cipher.setAAD(Buffer.from(context))
  const ciphertext = Buffer.concat([cipher.update(secret), cipher.final()])
  return { bytes: Buffer.concat([nonce, cipher.getAuthTag(), ciphertext]), masterKeyId: keys.first }
}

/** Decrypts what {@link seal} made in the same context; throws {@link CannotUnseal}. */
export function unseal(
  keys: MasterKeys,
  sealed: Sealed,
  context: string,
  purpose: Purpose = 'signing-key',
): Buffer {
  const key = sealingKey(keys, sealed.masterKeyId, context, purpose)
  const { bytes } = sealed
  try {
    const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE), {
      // Without it a shorter tag, and so an easier forgery, would do.
      authTagLength: TAG,
    })
    decipher.setAAD(Buffer.from(context))
    decipher.setAuthTag(bytes.subarray(NONCE, NONCE + TAG))
    return Buffer.concat([decipher.update(bytes.subarray(NONCE + TAG)), decipher.final()])
  } catch {
    throw new CannotUnseal(
      `master key ${sealed.masterKeyId} does not open ${context}: MASTER_KEYS (in development the file master-key in STATE_DIR) holds another key under this id, or what it sealed was changed`,
    )
  }
}

function sealingKey(keys: MasterKeys, id: number, context: string, purpose: Purpose): KeyObject {
  const key = keys.derive(id, purpose)
  if (key !== undefined) return key
  throw new CannotUnseal(
    keys.isRetired(id)
      ? `MASTER_KEYS says that the key with id ${id} is retired, but it sealed ${context}: put the key back in its place`
      : `MASTER_KEYS holds no key with id ${id}, which sealed ${context}: add it`,
  )
}
