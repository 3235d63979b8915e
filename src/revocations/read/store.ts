import type { Executor } from '../../db/connect.ts'
import type { CutOffSubject, MadeCutOff } from '../cut-off.ts'
import { fromRow, select } from '../store.ts'

/** Where a cut-off stands in the list. */
export type CutOffPosition = Pick<MadeCutOff, 'madeAt' | 'kind' | 'id'>

/** Which cut-offs to list. */
export interface CutOffFilter {
  readonly kind?: CutOffSubject['kind'] | undefined
  readonly id?: string | undefined
  /** Only those that come after this one. */
  readonly after?: CutOffPosition | undefined
  readonly limit: number
}

/** Cut-offs, the latest made first. Throws DatabaseUnavailable. */
export async function listCutOffs(db: Executor, filter: CutOffFilter): Promise<MadeCutOff[]> {
  const { kind, id, after, limit } = filter
  let query = select(db)
  if (kind !== undefined) query = query.where('kind', '=', kind)
  if (id !== undefined) query = query.where('id', '=', id)
  if (after !== undefined) {
    const at = new Date(after.madeAt)
    query = query.where((where) =>
      where.or([
        where('made_at', '<', at),
        where.and([
          where('made_at', '=', at),
          where(where.refTuple('kind', 'id'), '>', where.tuple(after.kind, after.id)),
        ]),
      ]),
    )
  }
  const rows = await query
    .orderBy('made_at', 'desc')
    .orderBy('kind')
    .orderBy('id')
    .limit(limit)
    .execute()
  return rows.map(fromRow)
}

/** The cut-offs of those of the clients that have one, by client_id. Throws DatabaseUnavailable. */
export async function findClientCutOffs(
  db: Executor,
  clientIds: readonly string[],
): Promise<Map<string, MadeCutOff>> {
  if (clientIds.length === 0) return new Map()
  const rows = await select(db).where('kind', '=', 'client').where('id', 'in', clientIds).execute()
  return new Map(rows.map((row) => [row.id, fromRow(row)]))
}
