import { type Static, Type } from 'typebox'
import { iso } from '../../../base/times.ts'
import type { Arithmetic } from '../../../keys/operations/arithmetic.ts'

const exact = { additionalProperties: false }

/** An instant and how it comes about. */
export const WireArithmetic = Type.Object(
  {
    at: Type.String({ format: 'date-time' }),
    from: Type.String({ format: 'date-time', description: 'What is counted from.' }),
    since: Type.String({ description: 'What happens then, in words.' }),
    terms: Type.Array(Type.Object({ name: Type.String(), seconds: Type.Integer() }, exact), {
      description: 'What is added: a variable’s name, or words.',
    }),
  },
  { $id: 'Arithmetic', description: 'An instant and how it comes about.', ...exact },
)

export const arithmeticExample = {
  at: '2026-12-11T12:00:00.000Z',
  from: '2026-11-11T12:00:00.000Z',
  since: 'its predecessor begins to sign',
  terms: [{ name: 'KEY_ROTATE_EVERY', seconds: 2_592_000 }],
}

/** The wire form of a sum. */
export function toWireArithmetic(sum: Arithmetic): Static<typeof WireArithmetic> {
  const { at, from, since, terms } = sum
  return { at: iso(at), from: iso(from), since, terms: terms.map((term) => ({ ...term })) }
}
