import type { Database } from '../db/connect.ts'
import { DatabaseUnavailable } from '../db/failure.ts'
import { inTime } from '../db/in-time.ts'
import { migrationStatus } from '../db/migrate.ts'
import { readServer } from '../db/server.ts'
import type { KeyRing } from '../keys/key-ring.ts'

/** Whether requests should be sent here, and if not, why. */
export interface Readiness {
  report(): Promise<ReadinessReport>
  /** From now on the answer is no: the process is about to stop. */
  drain(): void
}

export interface ReadinessReport {
  readonly ready: boolean
  readonly checks: Readonly<Record<'database' | 'migrations' | 'keys' | 'shutdown', Condition>>
}

interface Condition {
  readonly ok: boolean
  readonly detail: string
}

/** Asks the database at every report; nothing is remembered but that the process is draining. */
export function createReadiness(options: { database: Database; keyRing: KeyRing }): Readiness {
  let draining = false
  return {
    async report() {
      const checks = {
        ...(await examineDatabase(options.database)),
        keys: examineKeys(options.keyRing),
        shutdown: draining
          ? { ok: false, detail: 'the service is stopping' }
          : { ok: true, detail: 'not asked for' },
      }
      return { ready: Object.values(checks).every(({ ok }) => ok), checks }
    },
    drain() {
      draining = true
    },
  }
}

/** A key that cannot be used here would be missing when its turn comes, or from the JWKS. */
function examineKeys(keyRing: KeyRing): Condition {
  if (!keyRing.loaded) {
    const isPublishing = keyRing.jwks() !== undefined
    const detail = isPublishing
      ? 'not loaded yet; the JWKS is as it was last known'
      : 'not loaded yet'
    return { ok: false, detail }
  }
  const faults = keyRing.faults.filter(({ isGrave }) => isGrave)
  return faults.length === 0
    ? { ok: true, detail: 'loaded' }
    : { ok: false, detail: `not usable here: ${faults.map(({ kid }) => kid).join(', ')}` }
}

async function examineDatabase(
  database: Database,
): Promise<{ database: Condition; migrations: Condition }> {
  try {
    const migrations = await inTime(migrationStatus(database))
    const pending = migrations.filter(({ appliedAt }) => appliedAt === undefined)
    return {
      database: (await inTime(readServer(database))).writable
        ? { ok: true, detail: 'answers' }
        : { ok: false, detail: 'takes no writes: it is a standby, or read-only' },
      migrations:
        pending.length === 0
          ? { ok: true, detail: 'all applied' }
          : { ok: false, detail: `pending: ${pending.map(({ name }) => name).join(', ')}` },
    }
  } catch (error) {
    const detail = error instanceof DatabaseUnavailable ? 'does not answer' : 'refuses the question'
    return {
      database: { ok: false, detail },
      migrations: { ok: false, detail: 'unknown while the database does not answer' },
    }
  }
}
