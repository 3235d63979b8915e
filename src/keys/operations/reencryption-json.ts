import type { Reencryption } from '../reencrypt.ts'

/**
 * What became of the signing keys, for a program: the admin API and the command say it alike.
 * @param first the id of the master key that encrypts
 */
export function toReencryptionJson(done: readonly Reencryption[], first: number) {
  return {
    master_key_id: first,
    keys: done.map(({ kid, algorithm, from, outcome, problem }) => ({
      kid,
      alg: algorithm,
      from,
      outcome,
      ...(problem !== undefined && { problem }),
    })),
  }
}
