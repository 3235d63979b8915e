import { type Static, Type } from 'typebox'
import { eventTypes } from '../../audit/event.ts'
import { iso } from '../../base/times.ts'
import { EXPIRED, type Told } from '../../stories/tell-event.ts'
import { AdminEvent, toAdminEvent } from './wire-event.ts'

const { id, detail, ...common } = AdminEvent.properties

/** Something that happened, with what it means in a sentence. */
export const ToldEvent = Type.Object(
  {
    ...common,
    type: Type.String({ enum: [...eventTypes, EXPIRED], description: 'What happened.' }),
    id: Type.Optional(id),
    detail: Type.Optional(detail),
    sentence: Type.String({ description: 'What it means, in one line.' }),
  },
  {
    $id: 'ToldEvent',
    description:
      'Something that happened. Without an `id` it is what nobody wrote down: that a session expired, or was behind its client’s cut-off.',
    additionalProperties: false,
  },
)

/** The wire form of what happened. */
export function toWireTold({ at, type, sid, sentence, event }: Told): Static<typeof ToldEvent> {
  if (event !== undefined) return { ...toAdminEvent(event), sentence }
  return { at: iso(at), type, ...(sid !== undefined && { sid }), sentence }
}
