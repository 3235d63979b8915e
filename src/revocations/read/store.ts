import type { Executor } from '../../db/connect.ts'
import type { CutOffSubject, MadeCutOff } from '../cut-off.ts'
import { fromRow, select } from '../store.ts'

/** The cut-offs of a kind or of an id, the latest made first. Throws DatabaseUnavailable. */
export async function listLatestCutOffs(
  db: Executor,
  filter: { kind?: CutOffSubject['kind'] | undefined; id?: string | undefined; limit: number },
): Promise<MadeCutOff[]> {
  const { kind, id, limit } = filter
  let query = select(db)
  if (kind !== undefined) query = query.where('kind', '=', kind)
  if (id !== undefined) query = query.where('id', '=', id)
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
