import { type Static, Type } from 'typebox'
import { iso } from '../../base/times.ts'
import { deviceLabel } from '../../sessions/devices/label.ts'
import type { UserExplanation } from '../../stories/explain-user.ts'
import type { UserSession } from '../../stories/read-user.ts'
import { reference } from '../wire/reference.ts'
import { SID, SUB } from '../wire/samples.ts'
import { toWireEnd, WireEnd } from './wire-end.ts'
import { ToldEvent, toWireTold } from './wire-told.ts'

const Instant = Type.String({ format: 'date-time' })

const WireUserSession = Type.Object(
  {
    sid: Type.String(),
    client_id: Type.String(),
    state: Type.String({ enum: ['live', 'ended'] }),
    device: Type.String({ description: 'What a person calls it.' }),
    address: Type.Optional(Type.String({ description: 'Where it was last used from.' })),
    started_at: Instant,
    last_used_at: Instant,
    end: Type.Optional(reference(WireEnd)),
  },
  { additionalProperties: false },
)

export const WireUserExplanation = Type.Object(
  {
    sub: Type.String(),
    known: Type.Boolean({ description: 'Whether a user, a session or an event has that `sub`.' }),
    username: Type.Optional(Type.String({ description: 'Of a user that is kept here.' })),
    since: Instant,
    until: Instant,
    summary: Type.Array(Type.String(), { description: 'What matters most, in plain sentences.' }),
    sessions: Type.Array(WireUserSession, {
      description: 'Those that were alive at some time of the period, the newest first.',
    }),
    failed_logins: Type.Array(
      Type.Object(
        {
          address: Type.Optional(Type.String()),
          count: Type.Integer({ minimum: 1 }),
          last_at: Instant,
        },
        { additionalProperties: false },
      ),
      { description: 'By address: the twenty with most, those first.' },
    ),
    failed_logins_total: Type.Integer({ description: 'From all addresses together.' }),
    failed_login_addresses: Type.Integer({ description: 'How many addresses there were.' }),
    events: Type.Array(reference(ToldEvent), {
      description: 'The oldest first; of failed logins the last three, of retries none.',
    }),
    cut: Type.Boolean({ description: 'Whether more happened than is told.' }),
  },
  {
    $id: 'UserExplanation',
    description: 'What happened to a user in a period.',
    additionalProperties: false,
  },
)

/** The wire form of what happened to a user. */
export function toWireUserExplanation(
  explanation: UserExplanation,
): Static<typeof WireUserExplanation> {
  const { sub, isKnown, username, since, until, summary, sessions, failedLogins } = explanation
  return {
    sub,
    known: isKnown,
    ...(username !== undefined && { username }),
    since: iso(since),
    until: iso(until),
    summary: [...summary],
    sessions: sessions.map(toWireUserSession),
    failed_logins: failedLogins.byAddress.map(({ address, count, lastAt }) => ({
      ...(address !== undefined && { address }),
      count,
      last_at: iso(lastAt),
    })),
    failed_logins_total: failedLogins.total,
    failed_login_addresses: failedLogins.addresses,
    events: explanation.chronicle.map(toWireTold),
    cut: explanation.isCut,
  }
}

function toWireUserSession({ session, end }: UserSession): Static<typeof WireUserSession> {
  const { sid, clientId, device, createdAt, lastUsedAt } = session
  return {
    sid,
    client_id: clientId,
    state: end === undefined ? 'live' : 'ended',
    device: deviceLabel(device),
    ...(device.address !== undefined && { address: device.address }),
    started_at: iso(createdAt),
    last_used_at: iso(lastUsedAt),
    ...(end !== undefined && { end: toWireEnd(end) }),
  }
}

/** An example of it. */
export const userExample = {
  sub: SUB,
  known: true,
  username: 'alice',
  since: '2026-11-20T12:30:00.000Z',
  until: '2026-11-21T12:30:00.000Z',
  summary: [
    'alice was logged out of 1 of 2 sessions: Firefox on Linux at client web on 2026-11-21 12:20:11Z, because the user logged out there.',
    '1 session is alive now; 1 session started in that time.',
  ],
  sessions: [
    {
      sid: SID,
      client_id: 'web',
      state: 'ended',
      device: 'Firefox on Linux',
      address: '203.0.113.7',
      started_at: '2026-11-21T11:46:40.000Z',
      last_used_at: '2026-11-21T11:46:40.000Z',
      end: { at: '2026-11-21T12:20:11.000Z', reason: 'logged_out', by: SUB },
    },
  ],
  failed_logins: [{ address: '203.0.113.9', count: 2, last_at: '2026-11-21T12:25:00.000Z' }],
  failed_logins_total: 2,
  failed_login_addresses: 1,
  events: [
    {
      at: '2026-11-21T12:20:11.057Z',
      type: 'session.ended',
      sid: SID,
      sentence: 'The session was ended, because the user logged out there, from 203.0.113.7.',
    },
  ],
  cut: false,
}
