import type { Clock } from '../base/clock.ts'
import { type Random, uuidV7 } from '../base/random.ts'
import type { Executor } from '../db/connect.ts'
import { type Announced, announcedBy } from './announced.ts'
import type { Event, Origin } from './event.ts'

/** The columns of an event's row. */
export const EVENT_COLUMNS = [
  'id',
  'at',
  'type',
  'sid',
  'sub',
  'client_id',
  'request_id',
  'address',
  'user_agent',
  'detail',
] as const

/** Postgres counts the parameters of a statement in 16 bits, and a row has ten. */
const AT_ONCE = 1000

/** So many events in a millisecond can be told apart by their order; it does not come to that. */
const LAST = 4095

/** An event as it is written, for a statement that writes its fact as well. */
export type EventRow = ReturnType<ToEventRow>

/** Makes the row of an event that happens now. */
export type ToEventRow = ReturnType<typeof createToEventRow>

export function createToEventRow(options: { clock: Clock; random: Random }) {
  let last = { at: 0, sequence: 0 }
  return (origin: Origin, event: Event) => {
    const at = options.clock.now()
    // What is told of one millisecond is told in the order in which it happened.
    last = { at, sequence: at === last.at ? Math.min(last.sequence + 1, LAST) : 0 }
    const { type, ...rest } = event
    const { sid, sub, clientId, ...detail } = rest as Partial<Record<string, unknown>>
    return {
      id: uuidV7(at, options.random, last.sequence),
      at: new Date(at),
      type,
      sid: (sid as string | undefined) ?? null,
      sub: (sub as string | undefined) ?? null,
      client_id: (clientId as string | undefined) ?? null,
      request_id: origin.requestId ?? null,
      address: origin.address ?? null,
      user_agent: origin.userAgent ?? null,
      detail: JSON.stringify(detail),
    }
  }
}

/**
 * Writes events down. Call it with the transaction of the fact, so that neither is there without
 * the other.
 */
export type RecordEvents = (tx: Executor, origin: Origin, events: readonly Event[]) => Promise<void>

/** Writes down, in the same transaction, what verifiers must learn of events. */
export type Announce = (tx: Executor, announced: readonly Announced[]) => Promise<void>

/** @param announce undefined for events of which verifiers learn in another way */
export function createRecordEvents(toEventRow: ToEventRow, announce?: Announce): RecordEvents {
  return async (tx, origin, events) => {
    for (let from = 0; from < events.length; from += AT_ONCE) {
      const rows = events.slice(from, from + AT_ONCE).map((event) => toEventRow(origin, event))
      await tx.insertInto('events').values(rows).execute()
    }
    await announce?.(tx, announcedBy(events))
  }
}
