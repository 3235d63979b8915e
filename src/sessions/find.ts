import { createBatch } from '../db/batch.ts'
import type { Database } from '../db/connect.ts'
import type { Session } from './session.ts'
import { type Found, fromRow, SESSION_COLUMNS, type SessionRow } from './store.ts'

/** The session of a refresh token, by the hash of its handle; undefined when there is none. */
export type FindByHandle = (handleHash: Buffer) => Promise<Found | undefined>

/** The session of that `sid`; undefined when there is none. */
export type FindSession = (sid: string) => Promise<Session | undefined>

const COLUMNS = ['handle_hash', ...SESSION_COLUMNS].join(', ')
const FIND_BY_HANDLE = {
  name: 'sessions.find_by_handle',
  text: `select ${COLUMNS} from sessions where handle_hash = any ($1::bytea[])`,
}
const FIND = {
  name: 'sessions.find',
  text: `select ${COLUMNS} from sessions where id = any ($1::uuid[])`,
}

type Row = SessionRow & { handle_hash: Buffer }

/**
 * What the store's functions of these names do, for the way of many requests: who ask at once share a
 * statement. Throw DatabaseUnavailable.
 */
export function createFindSessions(database: Database): {
  findByHandle: FindByHandle
  findSession: FindSession
} {
  const rowByHandle = createBatch(async (handleHashes: readonly Buffer[]) => {
    const rows = await database.run<Row>(FIND_BY_HANDLE, [handleHashes])
    const found = new Map(rows.map((row) => [row.handle_hash.toString('hex'), row]))
    return handleHashes.map((handleHash) => found.get(handleHash.toString('hex')))
  })
  const rowById = createBatch(async (sids: readonly string[]) => {
    const rows = await database.run<Row>(FIND, [sids])
    const found = new Map(rows.map((row) => [row.id, row]))
    return sids.map((sid) => found.get(sid))
  })
  // Rows are read one by one: what cannot be is the trouble of whoever asked for it.
  return {
    async findByHandle(handleHash) {
      const row = await rowByHandle(handleHash)
      return row && fromRow(row)
    },
    async findSession(sid) {
      const row = await rowById(sid)
      return row && fromRow(row).session
    },
  }
}
