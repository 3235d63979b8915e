import type { Clock } from '../base/clock.ts'
import type { MasterKey } from '../config/master-keys.ts'
import type { Database } from '../db/connect.ts'
import { lastReencryption } from '../keys/seals/store.ts'
import { listSigningKeys } from '../keys/store.ts'
import { countStartedBefore, lastEndOfStartedBefore } from '../sessions/started-before/store.ts'
import { count } from './table.ts'
import { when, whenAndHowFar } from './times.ts'

/** What a master key that is not the first has to stay for. Instants: milliseconds since the epoch. */
export interface MasterKeyNeed {
  readonly id: number
  /** The kids of the signing keys that are still encrypted under it. */
  readonly kids: readonly string[]
  /** The sessions alive whose refresh tokens may have been made under it. */
  readonly sessions: number
  /** When the last of those ends, refreshed or not; undefined when there is none. */
  readonly sessionsUntil: number | undefined
  /** Only sessions that had started before it count. */
  readonly since: number
}

/**
 * What each other master key of the list is still needed for. A row does not tell which master key made
 * its refresh token, but a session that started when the first one was first everywhere has none of
 * another's: as that instant counts the last re-encryption under it, which comes after, or now. Throws
 * DatabaseUnavailable.
 */
export async function readMasterKeyNeeds(
  { database, clock }: { database: Database; clock: Clock },
  [first, ...others]: readonly MasterKey[],
): Promise<MasterKeyNeed[]> {
  const db = database.kysely
  const now = clock.now()
  const since = (first && (await lastReencryption(db, first.id))) ?? now
  const { sessions } = await countStartedBefore(db, since, now)
  const sessionsUntil = await lastEndOfStartedBefore(db, since, now)
  const keys = await listSigningKeys(db)
  return others
    .filter(({ key }) => key !== 'retired')
    .map(({ id }) => {
      const kids = keys.filter(({ sealed }) => sealed?.masterKeyId === id).map(({ kid }) => kid)
      return { id, kids, sessions, sessionsUntil, since }
    })
}

/** Says of a master key whether it can be taken out, and if not, why and until when. */
export function tellMasterKeyNeed(need: MasterKeyNeed, first: number, now: number): string {
  const { id, kids, sessions, sessionsUntil, since } = need
  if (kids.length > 0) {
    return `Master key ${id} has to stay: ${kids.join(', ')} ${kids.length === 1 ? 'is' : 'are'} encrypted under it.`
  }
  if (sessionsUntil === undefined) {
    return (
      `Nothing depends on master key ${id} any more, if every replica had master key ${first} first by ` +
      `${when(since)}: put ${id}:retired in its place.`
    )
  }
  return (
    `Master key ${id} has to stay until ${whenAndHowFar(sessionsUntil, now)}: ${count(sessions, 'session')} ` +
    `that started before ${when(since)} can hold refresh tokens made under it, and the last of them ` +
    'ends then. Access tokens do not depend on it; begun lists of the admin API begin anew. ' +
    'Run this again to see how many are left.'
  )
}
