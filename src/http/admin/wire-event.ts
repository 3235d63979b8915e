import { type Static, Type } from 'typebox'
import { eventTypes } from '../../audit/event.ts'
import type { RecordedEvent } from '../../audit/read/store.ts'
import { iso } from '../../base/times.ts'
import { SID, SUB } from '../wire/samples.ts'

export const AdminEvent = Type.Object(
  {
    id: Type.String(),
    at: Type.String({ format: 'date-time', description: 'When it happened.' }),
    type: Type.String({ enum: eventTypes, description: 'What happened.' }),
    sid: Type.Optional(Type.String({ description: 'The session that it is about.' })),
    sub: Type.Optional(Type.String({ description: 'The user that it is about.' })),
    client_id: Type.Optional(Type.String({ description: 'The client that it is about.' })),
    request_id: Type.Optional(Type.String({ description: 'Finds the request in the log.' })),
    address: Type.Optional(Type.String({ description: 'Where the request came from.' })),
    user_agent: Type.Optional(Type.String()),
    detail: Type.Record(Type.String(), Type.Unknown(), {
      description: 'What only events of this type say: of a `session.ended` its `reason` and `by`.',
    }),
  },
  { $id: 'AdminEvent', description: 'Something that happened.', additionalProperties: false },
)

const common = {
  sid: SID,
  sub: SUB,
  client_id: 'web',
  address: '203.0.113.7',
  user_agent: 'Mozilla/5.0 (X11; Linux x86_64)',
}

/** Examples of it, the newest first. */
export const sessionStory = [
  {
    ...common,
    id: '0199c0fe-7a31-7d5c-b0c4-51f0a9d3e872',
    at: '2026-11-21T12:20:11.057Z',
    type: 'session.ended',
    request_id: '0199c0fe-7a2b-7e0f-93b1-08f6d2c94a10',
    detail: { reason: 'logged_out', by: SUB },
  },
  {
    ...common,
    id: '0199c0de-5b1f-7a90-8d1f-77ab5e3c2091',
    at: '2026-11-21T11:46:40.031Z',
    type: 'session.started',
    request_id: '0199c0de-5b10-7c22-a0de-c4b8a95f7d36',
    detail: { how: 'password', started_by: 'web' },
  },
]

/** The wire form of an event. */
export function toAdminEvent(event: RecordedEvent): Static<typeof AdminEvent> {
  const { sid, sub, clientId, requestId, address, userAgent } = event
  return {
    id: event.id,
    at: iso(event.at),
    type: event.type,
    ...(sid !== undefined && { sid }),
    ...(sub !== undefined && { sub }),
    ...(clientId !== undefined && { client_id: clientId }),
    ...(requestId !== undefined && { request_id: requestId }),
    ...(address !== undefined && { address }),
    ...(userAgent !== undefined && { user_agent: userAgent }),
    detail: Object.fromEntries(
      Object.entries(event.detail).map(([name, value]) => [toSnakeCase(name), value]),
    ),
  }
}

function toSnakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
