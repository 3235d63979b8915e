import type { Clock } from '../base/clock.ts'
import { type Random, uuidV7 } from '../base/random.ts'
import type { Executor } from '../db/connect.ts'
import type { Event, Origin } from './event.ts'

/**
 * Writes events down. Call it with the transaction of the fact, so that neither is there without
 * the other.
 */
export type RecordEvents = (tx: Executor, origin: Origin, events: readonly Event[]) => Promise<void>

export function createRecordEvents(options: { clock: Clock; random: Random }): RecordEvents {
  return async (tx, origin, events) => {
    if (events.length === 0) return
    const at = options.clock.now()
    await tx
      .insertInto('events')
      .values(
        events.map((event) => {
          const { type, ...rest } = event
          const { sid, sub, clientId, ...detail } = rest as Partial<Record<string, unknown>>
          return {
            id: uuidV7(at, options.random),
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
        }),
      )
      .execute()
  }
}
