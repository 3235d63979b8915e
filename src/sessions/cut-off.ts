import { type Actor, type Event, noOrigin } from '../audit/event.ts'
import type { RecordEvents } from '../audit/store.ts'
import type { Clock } from '../base/clock.ts'
import { holdClient, markClientDisabled, removeClient, reserveName } from '../clients/store.ts'
import type { Database, Executor } from '../db/connect.ts'
import type { CutOffReason, CutOffSubject, MadeCutOff } from '../revocations/cut-off.ts'
import { endMarking, findCutOff, listMarking, putCutOff } from '../revocations/store.ts'
import { endEvents } from './end.ts'
import { markEnded, markSomeEnded } from './ends/store.ts'
import type { SessionLog } from './session-log.ts'

/** What came of a cut-off. */
export interface CutOffResult {
  readonly cutOff: MadeCutOff
  /** How many sessions have been marked as ended by now. */
  readonly ended: number
  /** Whether there are more to be marked. They are as dead as the others: maintenance does the rest. */
  readonly more: boolean
}

/**
 * Ends all sessions that started before an instant. A client may have millions of them, so its
 * cut-off is one row that every refresh and introspection looks at, and holds from the moment a call
 * has returned; the sessions' own rows are marked afterwards, few at a time. All throw
 * DatabaseUnavailable.
 */
export interface CutOffs {
  /**
   * Cuts off a user or a client at `notBefore` (milliseconds since the epoch, not in the future),
   * else now; the newest instant stands. Undefined for a client that there is not.
   */
  set(
    subject: CutOffSubject,
    notBefore: number | undefined,
    actor: Actor,
  ): Promise<CutOffResult | undefined>
  /** Lets a client do nothing more, and cuts off its sessions; undefined when there is none. */
  disableClient(clientId: string, actor: Actor): Promise<CutOffResult | undefined>
  /** Lets it work again; what has ended stays so. Returns whether there is such a client. */
  enableClient(clientId: string, actor: Actor): Promise<boolean>
  /** Deletes a client and cuts off its sessions; undefined when there is none. */
  deleteClient(clientId: string, actor: Actor): Promise<CutOffResult | undefined>
  /** Marks what is left to be marked of any cut-off; returns how many sessions. */
  markRest(): Promise<number>
}

/** What is cut off of a client; everything, when no instant is given. */
interface Cut {
  readonly startedBefore: number | undefined
  readonly reason: CutOffReason
}

const everything = (reason: CutOffReason): Cut => ({ startedBefore: undefined, reason })

/** Few rows at a time: a long transaction would hold up every refresh of them. */
const BATCH = 500
/** What a caller waits for. */
const MARKED_AT_ONCE = 20 * BATCH

/**
 * Another replica's clock may be ahead of ours by milliseconds. A session that starts after the
 * cut-off counts from there, however early that is, so that being generous costs no session anything.
 */
const CLOCKS_DIFFER_MS = 1_000

export function createCutOffs(options: {
  database: Database
  clock: Clock
  recordEvents: RecordEvents
  /** For sessions of which verifiers know by their cut-off: a client may have millions. */
  recordMarked: RecordEvents
  sessionLog: SessionLog
}): CutOffs {
  const { database, clock, recordEvents, recordMarked, sessionLog } = options

  /** Cuts off a client: at an instant, or now and after any cut-off before. */
  const putForClient = async (tx: Executor, id: string, cut: Cut, by: string) => {
    const subject = { kind: 'client', id } as const
    const before = await findCutOff(tx, subject)
    const madeAt = clock.now()
    const next = Math.max(madeAt + CLOCKS_DIFFER_MS, (before?.notBefore ?? 0) + 1)
    const notBefore = cut.startedBefore ?? next
    const made = { ...subject, notBefore, reason: cut.reason, madeAt, madeBy: by }
    return putCutOff(tx, made, true)
  }

  /** Marks sessions behind a client's cut-off until none is left, or `most` have been. */
  const mark = async (cutOff: MadeCutOff, actor: Actor, most: number): Promise<CutOffResult> => {
    for (let total = 0; ; ) {
      const batch = await database.transaction(async (tx) => {
        const ended = await markSomeEnded(tx, cutOff.id, cutOff, cutOff.madeAt, BATCH)
        await recordMarked(tx, actor.origin, endEvents(ended, cutOff.reason, actor))
        if (ended.length < BATCH) await endMarking(tx, cutOff)
        return ended
      })
      sessionLog.ended(batch, cutOff.reason, actor.by)
      total += batch.length
      if (batch.length < BATCH) return { cutOff, ended: total, more: false }
      if (total >= most) return { cutOff, ended: total, more: true }
    }
  }

  const cutOffUser = async (sub: string, startedBefore: number | undefined, actor: Actor) => {
    const [cutOff, ended] = await database.transaction(async (tx) => {
      // No session of the user starts meanwhile: its row would not be seen here.
      await reserveName(tx, sub)
      const madeAt = clock.now()
      const notBefore = startedBefore ?? madeAt
      const made = { kind: 'user', id: sub, madeAt, madeBy: actor.by } as const
      const put = await putCutOff(tx, { ...made, notBefore, reason: 'cut_off' }, false)
      const said = { sub, notBefore: new Date(notBefore).toISOString(), by: actor.by }
      const filter = startedBefore === undefined ? { sub } : { sub, startedBefore }
      const marked = await markEnded(tx, filter, 'cut_off', madeAt)
      const events = endEvents(marked, 'cut_off', actor)
      await recordEvents(tx, actor.origin, [{ type: 'cut_off.set', ...said }, ...events])
      return [put, marked]
    })
    sessionLog.ended(ended, 'cut_off', actor.by)
    return { cutOff, ended: ended.length, more: false }
  }

  /** Changes a client and cuts it off, in one transaction; undefined when `change` found none. */
  const withClient = async (
    clientId: string,
    change: (tx: Executor) => Promise<boolean>,
    cut: Cut,
    event: Event,
    actor: Actor,
  ): Promise<CutOffResult | undefined> => {
    const cutOff = await database.transaction(async (tx) => {
      if (!(await change(tx))) return undefined
      const put = await putForClient(tx, clientId, cut, actor.by)
      // Once the cut-off is there: verifiers are told what stands.
      await recordEvents(tx, actor.origin, [event])
      return put
    })
    return cutOff && mark(cutOff, actor, MARKED_AT_ONCE)
  }

  return {
    set: async ({ kind, id }, startedBefore, actor) => {
      if (kind === 'user') return cutOffUser(id, startedBefore, actor)
      const notBefore = new Date(startedBefore ?? clock.now()).toISOString()
      const event: Event = { type: 'cut_off.set', clientId: id, notBefore, by: actor.by }
      // Starts hold the client's row: none is under way from here on.
      const hold = (tx: Executor) => holdClient(tx, id)
      return withClient(id, hold, { startedBefore, reason: 'cut_off' }, event, actor)
    },
    disableClient: (clientId, actor) => {
      const disable = (tx: Executor) => markClientDisabled(tx, clientId, clock.now())
      const event: Event = { type: 'client.disabled', clientId, by: actor.by }
      return withClient(clientId, disable, everything('client_disabled'), event, actor)
    },
    enableClient: (clientId, actor) =>
      database.transaction(async (tx) => {
        if (!(await markClientDisabled(tx, clientId, undefined))) return false
        await recordEvents(tx, actor.origin, [{ type: 'client.enabled', clientId, by: actor.by }])
        return true
      }),
    deleteClient: (clientId, actor) => {
      const remove = (tx: Executor) => removeClient(tx, clientId)
      const event: Event = { type: 'client.deleted', clientId, by: actor.by }
      return withClient(clientId, remove, everything('client_deleted'), event, actor)
    },
    async markRest() {
      let total = 0
      for (const cutOff of await listMarking(database.kysely)) {
        const actor = { by: cutOff.madeBy, origin: noOrigin }
        total += (await mark(cutOff, actor, Number.POSITIVE_INFINITY)).ended
      }
      return total
    },
  }
}
