import { createBatch } from '../db/batch.ts'
import type { Database } from '../db/connect.ts'
import { type ClientRow, type ClientWithSecrets, fromRow, selectClients } from './store.ts'

/** The client of that id; undefined when there is none. Throws DatabaseUnavailable. */
export type FindClient = (clientId: string) => Promise<ClientWithSecrets | undefined>

/**
 * What the store's function of this name does, for the way of many requests: who ask at once share a
 * statement, which is built once.
 */
export function createFindClient(database: Database): FindClient {
  const none: readonly string[] = []
  const { sql: text } = selectClients(database.kysely)
    .where((where) => where('client_id', '=', where.fn.any(where.val(none))))
    .compile()
  const statement = { name: 'clients.find', text }
  const rowById = createBatch(async (asked: readonly string[]) => {
    const ids = [...new Set(asked)]
    const rows = await database.run<ClientRow>(statement, [ids])
    const found = new Map(rows.map((row) => [row.client_id, row]))
    return asked.map((clientId) => found.get(clientId))
  })
  return async (clientId) => {
    const row = await rowById(clientId)
    return row && fromRow(row)
  }
}
