import { type Static, Type } from 'typebox'
import { endReasons } from '../../audit/event.ts'
import { iso } from '../../base/times.ts'
import type { SessionEnd } from '../../stories/session-end.ts'

/** How a session ended. */
export const WireEnd = Type.Object(
  {
    at: Type.String({ format: 'date-time' }),
    reason: Type.String({
      enum: [...endReasons, 'idle_timeout', 'max_age'],
      description: 'What ended it: somebody, or its age.',
    }),
    by: Type.Optional(
      Type.String({
        description:
          'A `sub`, a `client_id`, `operator` (the command line) or `mintmark` (the service itself).',
      }),
    ),
    address: Type.Optional(
      Type.String({ description: 'Where the request that did it came from.' }),
    ),
    user_agent: Type.Optional(Type.String()),
    request_id: Type.Optional(Type.String()),
    last_address: Type.Optional(
      Type.String({ description: 'Of a reuse: where the session had last been used from.' }),
    ),
    expired_at: Type.Optional(
      Type.String({ format: 'date-time', description: 'When it had expired before that.' }),
    ),
  },
  { $id: 'SessionEnd', description: 'How a session ended.', additionalProperties: false },
)

/** The wire form of an end. */
export function toWireEnd({
  at,
  reason,
  by,
  event,
  expiredAt,
}: SessionEnd): Static<typeof WireEnd> {
  const lastAddress = event?.detail.lastAddress
  return {
    at: iso(at),
    reason,
    ...(by !== undefined && { by }),
    ...(event?.address !== undefined && { address: event.address }),
    ...(event?.userAgent !== undefined && { user_agent: event.userAgent }),
    ...(event?.requestId !== undefined && { request_id: event.requestId }),
    ...(typeof lastAddress === 'string' && { last_address: lastAddress }),
    ...(expiredAt !== undefined && { expired_at: iso(expiredAt) }),
  }
}
