import { type TSchema, Type } from 'typebox'
import type { Cursors } from './cursors.ts'

/** Of a list whose reader does not say how much of it. */
export const DEFAULT_LIMIT = 50
const MOST = 200

/** The parameters of every list. */
export const pageParameters = {
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: MOST,
      default: DEFAULT_LIMIT,
      description: 'How many to list at most.',
    }),
  ),
  cursor: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 2000,
      description: 'The `next_cursor` of the page before; with the same parameters otherwise.',
    }),
  ),
}

/** The body of a list: one page of it. */
export function pageOf<S extends TSchema>(name: string, item: S) {
  return Type.Object(
    {
      [name]: Type.Array(item),
      next_cursor: Type.Optional(
        Type.String({ description: 'For the next page; absent on the last one.' }),
      ),
    },
    { additionalProperties: false },
  )
}

/** A cursor, for examples. */
export const CURSOR = 'ATAxOTliZjAyLTFkN2EtN2U5Yi1hOGM1LTUyZDViMGE5YzRmMy1xFkK3JrBEAWJ8qfusMvU'

/**
 * One page of what `list` finds after the position of the last row before, and where the next one
 * begins.
 * @param name of the list, for which alone its cursors are good
 * @param query what the request asked for; all of it but the page's own parameters is the filter
 */
export async function readPage<T>(
  cursors: Cursors,
  name: string,
  query: { limit?: number; cursor?: string },
  list: (page: { after: string | undefined; limit: number }) => Promise<T[]>,
  positionOf: (item: T) => string,
): Promise<{ items: T[]; nextCursor: string | undefined }> {
  const { limit = DEFAULT_LIMIT, cursor, ...filter } = query
  const whole = JSON.stringify([name, Object.entries(filter).toSorted()])
  const after = cursor === undefined ? undefined : cursors.read(whole, cursor)
  const found = await list({ after, limit: limit + 1 })
  const items = found.slice(0, limit)
  const last = items.at(-1)
  const isMore = found.length > limit && last !== undefined
  return { items, nextCursor: isMore ? cursors.write(whole, positionOf(last)) : undefined }
}
