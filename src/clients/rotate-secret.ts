import type { Actor } from '../audit/event.ts'
import type { RecordEvents } from '../audit/store.ts'
import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import type { Database } from '../db/connect.ts'
import { drawClientSecret } from './secret.ts'
import { replaceSecret } from './store.ts'

export type SecretRotation =
  | { outcome: 'rotated'; secret: string; previousSecretExpiresAt: number }
  /** There is no such client, or it is a public one and has no secret. */
  | { outcome: 'no_secret' }

/**
 * Gives a client a new secret, told this once, and writes it down. The secret before works for
 * another `overlapSeconds`; the one before that ends now. Throws DatabaseUnavailable.
 */
export type RotateClientSecret = (
  clientId: string,
  overlapSeconds: number,
  actor: Actor,
) => Promise<SecretRotation>

export function createRotateClientSecret(options: {
  database: Database
  clock: Clock
  random: Random
  recordEvents: RecordEvents
}): RotateClientSecret {
  const { database, clock, random, recordEvents } = options
  return (clientId, overlapSeconds, actor) =>
    database.transaction(async (tx) => {
      const { secret, hash } = drawClientSecret(random)
      const previousSecretExpiresAt = clock.now() + overlapSeconds * 1000
      if (!(await replaceSecret(tx, clientId, hash, previousSecretExpiresAt))) {
        return { outcome: 'no_secret' }
      }
      await recordEvents(tx, actor.origin, [
        { type: 'client.secret_rotated', clientId, by: actor.by },
      ])
      return { outcome: 'rotated', secret, previousSecretExpiresAt }
    })
}
