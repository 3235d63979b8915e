import type { Executor } from '../db/connect.ts'
import type { Algorithm } from '../jwt/algorithms.ts'
import { isPublished } from '../keys/signing-key.ts'
import { listSigningKeys } from '../keys/store.ts'

/**
 * What to know of an algorithm that tokens are to be signed by and that no key signs yet: a note, or
 * none. Throws DatabaseUnavailable.
 * @param now in milliseconds since the epoch
 */
export async function newAlgorithmNotes(
  db: Executor,
  algorithm: Algorithm | undefined,
  now: number,
): Promise<string[]> {
  if (algorithm === undefined) return []
  const keys = await listSigningKeys(db)
  const signs = keys.some(
    (key) => key.algorithm === algorithm && isPublished(key) && key.signsFrom <= now,
  )
  if (signs) return []
  return [
    `No key signs by ${algorithm} yet. The service makes one and publishes it first: tokens are signed by it about VERIFIER_CACHE_TTL + 10 s later, and by the next choice until then. Name it in SIGNING_ALGORITHMS to have keys of it ready.`,
  ]
}
