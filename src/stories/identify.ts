import { listEvents, type RecordedEvent } from '../audit/read/store.ts'
import { isUuid } from '../base/encoding.ts'
import type { Executor } from '../db/connect.ts'
import { isTokenRevoked } from '../revocations/store.ts'
import { instantOf, sidOf } from '../tokens/token-id.ts'
import { readSession } from './read-session.ts'
import type { SessionFacts } from './session-story.ts'

/** What an identifier turned out to be of. */
export interface Identified {
  readonly kind: 'session' | 'access_token' | 'request' | 'unknown'
  readonly sessions: readonly SessionFacts[]
  /** Of a request: what it wrote down, the oldest first. */
  readonly events: readonly RecordedEvent[]
  /** Of an access token without a session: what tells of its revocation, while that is kept. */
  readonly revocation?: RecordedEvent | undefined
  /** How many sessions more there are to tell. */
  readonly more: number
}

/** What a `sid`, a `jti` or a request's id can be made of. */
const IDENTIFIER = /^[\w.-]{1,128}$/

/** One request may end thousands of sessions: their stories are alike. */
const MOST_SESSIONS = 5
const MOST_EVENTS = 200

/** The greatest ACCESS_TOKEN_TTL: who revokes a token later has nothing to revoke. */
const LONGEST_TOKEN_MS = 24 * 3600 * 1000
/** Between replicas. */
const CLOCKS_DIFFER_MS = 60_000

const UNKNOWN: Identified = { kind: 'unknown', sessions: [], events: [], more: 0 }

/**
 * Finds out whether a text is the `sid` of a session, the `jti` of an access token or the id of a
 * request, and what it leads to. Throws DatabaseUnavailable.
 * @param now milliseconds since the epoch
 */
export async function identify(db: Executor, text: string, now: number): Promise<Identified> {
  if (!IDENTIFIER.test(text)) return UNKNOWN
  const named = isUuid(text) ? text.toLowerCase() : undefined
  const sid = named ?? sidOf(text)
  const session = sid === undefined ? undefined : await readSession(db, sid, now)
  if (session !== undefined) {
    const kind = named === undefined ? 'access_token' : 'session'
    return { kind, sessions: [session], events: [], more: 0 }
  }
  const events = await listEvents(db, { requestId: text, limit: MOST_EVENTS })
  if (events.length > 0) return ofRequest(db, events.reverse(), now)
  const revocation = await findRevocation(db, text)
  if (revocation === undefined && !(await isTokenRevoked(db, text))) return UNKNOWN
  return { ...UNKNOWN, kind: 'access_token', revocation }
}

/** Its event outlives the mark of the token, which goes when the token would have expired. */
async function findRevocation(db: Executor, jti: string): Promise<RecordedEvent | undefined> {
  const issuedAt = instantOf(jti)
  if (issuedAt === undefined) return undefined
  const since = issuedAt - CLOCKS_DIFFER_MS
  const until = issuedAt + LONGEST_TOKEN_MS + CLOCKS_DIFFER_MS
  const [event] = await listEvents(db, { types: ['token.revoked'], jti, since, until, limit: 1 })
  return event
}

async function ofRequest(db: Executor, events: RecordedEvent[], now: number): Promise<Identified> {
  const sids = [...new Set(events.flatMap(({ sid }) => sid ?? []))]
  const told = sids.slice(0, MOST_SESSIONS)
  const read = await Promise.all(told.map((sid) => readSession(db, sid, now)))
  const sessions = read.filter((session) => session !== undefined)
  return { kind: 'request', sessions, events, more: sids.length - told.length }
}
