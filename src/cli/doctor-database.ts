import { systemClock } from '../base/clock.ts'
import type { Database } from '../db/connect.ts'
import { migrationStatus } from '../db/migrate.ts'
import { measureClockOffset } from '../db/reference-clock.ts'
import { readServer } from '../db/server.ts'
import { bad, type Diagnosis, good, warning } from '../verifier/doctor/diagnosis.ts'

const OLDEST_MAJOR = 14

/** Which server it is, and whether it takes writes. Throws DatabaseUnavailable, like all here. */
export async function diagnoseServer(database: Database): Promise<Diagnosis> {
  const { version, major, writable } = await readServer(database)
  const name = `PostgreSQL ${version}`
  if (!writable) {
    return bad('database', `${name} takes no writes: a standby, or read-only`, 'name the primary')
  }
  return major < OLDEST_MAJOR
    ? bad('database', `${name} is too old`, `use ${OLDEST_MAJOR} or newer`)
    : good('database', `${name}, takes writes`)
}

/** Whether the tables are those of this version. */
export async function diagnoseMigrations(
  database: Database,
  { development }: { development: boolean },
): Promise<Diagnosis> {
  const migrations = await migrationStatus(database)
  const pending = migrations.filter(({ appliedAt }) => appliedAt === undefined)
  if (pending.length === 0) return good('migrations', `all ${migrations.length} applied`)
  const detail = `pending: ${pending.map(({ name }) => name).join(', ')}`
  return development
    ? warning('migrations', detail, 'start the service: it applies them')
    : bad('migrations', detail, 'run mintmark migrate up, or set MIGRATE_ON_START=true')
}

/** More than this, and somebody who compares two logs is misled. In milliseconds. */
const TOLERANCE_MS = 1_000

/** How far this host's clock is from the database's, by which everything is judged. */
export async function diagnoseClock(database: Database): Promise<Diagnosis> {
  const offset = await measureClockOffset(database, systemClock)
  const detail = `this host is ${Math.abs(offset)} ms ${offset < 0 ? 'ahead of' : 'behind'} the database`
  return Math.abs(offset) <= TOLERANCE_MS
    ? good('clock', detail)
    : warning('clock', detail, 'synchronise both by NTP; the service goes by the database’s')
}
