import { type Static, Type } from 'typebox'
import { iso } from '../../base/times.ts'
import { cutOffReasons, type MadeCutOff } from '../../revocations/cut-off.ts'
import type { CutOffResult } from '../../sessions/cut-off.ts'
import { SUB } from '../wire/samples.ts'

const exact = { additionalProperties: false }

const fields = {
  kind: Type.String({ enum: ['user', 'client'], description: 'Whose sessions have ended.' }),
  id: Type.String({ description: 'The `sub` of the user, or the client’s `client_id`.' }),
  not_before: Type.String({
    format: 'date-time',
    description: 'Sessions that started before it have ended.',
  }),
  reason: Type.String({ enum: [...cutOffReasons], description: 'What their end is called.' }),
  made_at: Type.String({ format: 'date-time' }),
  made_by: Type.String({ description: 'A `sub`, a `client_id`, or `operator` for a command.' }),
}

export const AdminCutOff = Type.Object(fields, {
  $id: 'AdminCutOff',
  description: 'An instant before which no session of a user, or at a client, counts.',
  ...exact,
})

/** The answer to whoever makes one. */
export const MadeAdminCutOff = Type.Object(
  {
    ...fields,
    ended: Type.Integer({ description: 'How many sessions were ended by it.' }),
    more: Type.Boolean({
      description:
        'Whether there are more, whose rows are marked in a while. They are as dead as the others.',
    }),
  },
  { $id: 'MadeAdminCutOff', description: 'A cut-off, and what came of it.', ...exact },
)

/** What is asked for. */
export const CutOffRequestBody = Type.Object(
  {
    not_before: Type.Optional(
      Type.String({
        format: 'date-time',
        description: 'RFC 3339; now when left out, and never in the future.',
      }),
    ),
  },
  exact,
)

/** Examples of them. */
export const userCutOff = {
  kind: 'user',
  id: SUB,
  not_before: '2026-11-21T12:00:00.000Z',
  reason: 'cut_off',
  made_at: '2026-11-21T12:03:25.480Z',
  made_by: 'support',
}
export const clientCutOff = { ...userCutOff, kind: 'client', id: 'web' }
export const cutOffRequests = {
  now: { summary: 'Every session that there is', value: {} },
  before: {
    summary: 'Those that started before noon',
    value: { not_before: '2026-11-21T12:00:00Z' },
  },
}

/** The wire form of a cut-off. */
export function toAdminCutOff(cutOff: MadeCutOff): Static<typeof AdminCutOff> {
  return {
    kind: cutOff.kind,
    id: cutOff.id,
    not_before: iso(cutOff.notBefore),
    reason: cutOff.reason,
    made_at: iso(cutOff.madeAt),
    made_by: cutOff.madeBy,
  }
}

/** The same of one that was made just now. */
export function toMadeAdminCutOff(made: CutOffResult): Static<typeof MadeAdminCutOff> {
  return { ...toAdminCutOff(made.cutOff), ended: made.ended, more: made.more }
}
