import { type Origin, SERVICE } from '../audit/event.ts'
import type { RecordEvents } from '../audit/store.ts'
import type { Clock } from '../base/clock.ts'
import { type Random, uuidV7 } from '../base/random.ts'
import { findClient, lockClient, shareName } from '../clients/store.ts'
import type { Database } from '../db/connect.ts'
import { DatabaseUnavailable } from '../db/failure.ts'
import { findCutOff } from '../revocations/store.ts'
import { lockUser } from '../users/store.ts'
import { endEvents } from './end.ts'
import { listOldest, markEnded } from './ends/store.ts'
import type { RefreshTokens } from './refresh-token.ts'
import type { Session } from './session.ts'
import type { SessionLog } from './session-log.ts'
import { addSession } from './store.ts'

/** A session to start; lengths in seconds. A user whose row is here adds its roles and claims. */
export interface SessionStart
  extends Pick<
    Session,
    | 'clientId'
    | 'sub'
    | 'scope'
    | 'audience'
    | 'roles'
    | 'claims'
    | 'authTime'
    | 'amr'
    | 'acr'
    | 'device'
  > {
  readonly idleTtlSeconds: number
  readonly maxTtlSeconds: number
  /** So many sessions the user may have at the client, this one counted. */
  readonly maxSessions: number
  readonly how: 'password' | 'backend'
  /** The client that asked for it. */
  readonly startedBy: string
  /** The hash of the password that was right; the session starts only if it still is the user's. */
  readonly passwordHash: string | undefined
  readonly origin: Origin
  /** Sees the session before it is kept; what it throws undoes the start. */
  readonly confirm: (session: Session) => void
}

export type Started =
  | { outcome: 'started'; session: Session; refreshToken: string }
  | { outcome: 'user_disabled' | 'password_changed' | 'client_deleted' | 'sub_is_client' }

/** Starts a session and draws its first refresh token. Throws DatabaseUnavailable. */
export type StartSession = (start: SessionStart) => Promise<Started>

export function createStartSession(options: {
  database: Database
  clock: Clock
  random: Random
  refreshTokens: RefreshTokens
  recordEvents: RecordEvents
  sessionLog: SessionLog
}): StartSession {
  const { database, clock, random, refreshTokens, recordEvents, sessionLog } = options
  const begin = (start: SessionStart) =>
    database.transaction<Started>(async (tx) => {
      // Held until the session is in: whoever cuts the user off, or makes the text a client_id, comes
      // before this or after it. Other starts of the user are not kept waiting.
      await shareName(tx, start.sub)
      // A backend names whom it likes; a user's own sub is drawn here and is no client_id.
      if (start.how === 'backend' && (await findClient(tx, start.sub)) !== undefined) {
        return { outcome: 'sub_is_client' }
      }
      // Both rows are held until the session is in: whoever disables the user, changes the password
      // or deletes the client meanwhile comes after it, and ends it.
      const known = await lockUser(tx, start.sub)
      if (known?.user.disabledAt !== undefined) return { outcome: 'user_disabled' }
      if (start.passwordHash !== undefined && known?.passwordHash !== start.passwordHash) {
        return { outcome: 'password_changed' }
      }
      if (!(await lockClient(tx, start.clientId))) return { outcome: 'client_deleted' }
      const ofClient = await findCutOff(tx, { kind: 'client', id: start.clientId })
      const ofUser = await findCutOff(tx, { kind: 'user', id: start.sub })

      const now = clock.now()
      // What starts after a cut-off is not behind it, though this host's clock were a little slow.
      const createdAt = Math.max(now, ofClient?.notBefore ?? now, ofUser?.notBefore ?? now)
      const { value, handleHash } = refreshTokens.draw()
      const expiresAt = now + start.maxTtlSeconds * 1000
      const session: Session = {
        // Whoever sees a token learns from its sid when the session started, and whether it is behind a
        // cut-off.
        sid: uuidV7(createdAt, random),
        clientId: start.clientId,
        sub: start.sub,
        scope: start.scope,
        audience: start.audience,
        roles: [...new Set([...(known?.user.roles ?? []), ...start.roles])],
        claims: { ...known?.user.claims, ...start.claims },
        authTime: start.authTime,
        amr: start.amr,
        acr: start.acr,
        device: start.device,
        createdAt,
        lastUsedAt: now,
        idleExpiresAt: Math.min(now + start.idleTtlSeconds * 1000, expiresAt),
        expiresAt,
        ended: undefined,
      }
      start.confirm(session)
      await addSession(tx, session, handleHash)
      const { sub, clientId } = session
      const { how, startedBy } = start
      await recordEvents(tx, start.origin, [
        { type: 'session.started', sid: session.sid, sub, clientId, how, startedBy },
      ])
      return { outcome: 'started', session, refreshToken: value }
    })

  /**
   * Ends the sessions that are too many. Looked for after the commit, when whoever comes last of many
   * starts at once sees them all: no lock is needed for none to be left over.
   */
  const endOldest = async ({ sub, clientId }: Session, start: SessionStart) => {
    const tooMany = await listOldest(
      database.kysely,
      { sub, clientId },
      start.maxSessions,
      clock.now(),
    )
    if (tooMany.length === 0) return
    const actor = { by: SERVICE, origin: start.origin }
    const ended = await database.transaction(async (tx) => {
      const marked = await markEnded(tx, { sids: tooMany }, 'session_limit', clock.now())
      await recordEvents(tx, start.origin, endEvents(marked, 'session_limit', actor))
      return marked
    })
    sessionLog.ended(ended, 'session_limit', SERVICE)
  }

  return async (start) => {
    const started = await begin(start)
    if (started.outcome !== 'started') return started
    try {
      await endOldest(started.session, start)
    } catch (error) {
      // The session has started, and the next start ends what this one could not.
      if (!(error instanceof DatabaseUnavailable)) throw error
    }
    return started
  }
}
