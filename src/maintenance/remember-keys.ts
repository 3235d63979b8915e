import type { Database } from '../db/connect.ts'
import { DatabaseUnavailable } from '../db/failure.ts'
import { inTime } from '../db/in-time.ts'
import { readServer } from '../db/server.ts'
import type { KeyRing } from '../keys/key-ring.ts'
import type { JwksSnapshot } from '../keys/snapshot.ts'

/** Without a database the JWKS is what this replica last knew, so that others go on verifying. */
export interface RememberKeys {
  /**
   * Before anybody can ask for the JWKS: asks the database whether it is there, and remembers if it has
   * not answered within a second.
   */
  unlessAnswered(): Promise<void>
  /** The database is away: remembers, unless that was done or tried before. */
  once(): Promise<void>
}

export function createRememberKeys(options: {
  database: Database
  keyRing: Pick<KeyRing, 'restore'>
  jwksSnapshot: Pick<JwksSnapshot, 'read'>
  logger: { warn(fields: object, message: string): void }
}): RememberKeys {
  const { database, keyRing, jwksSnapshot, logger } = options
  let remembered: Promise<void> | undefined
  const remember = async () => {
    const known = await jwksSnapshot.read()
    if (known === undefined) return
    keyRing.restore(known)
    const confirmed_at = new Date(known.confirmedAt).toISOString()
    logger.warn({ confirmed_at }, 'the JWKS is as it was last known, until the database answers')
  }
  const once = () => {
    remembered ??= remember()
    return remembered
  }
  return {
    once,
    async unlessAnswered() {
      try {
        await inTime(readServer(database))
      } catch (error) {
        // What else is wrong with it is told by what comes next.
        if (error instanceof DatabaseUnavailable) await once()
      }
    },
  }
}
