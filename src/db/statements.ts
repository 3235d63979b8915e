import type pg from 'pg'
import { sha256 } from '../base/hash.ts'
import { isStatementAstray } from './failure.ts'

/** One prepared statement of the hot path. */
export interface Statement {
  readonly name: string
  readonly text: string
}

/** Runs a statement in one round trip and returns its rows. Throws DatabaseUnavailable. */
export type RunStatement = <Row>(statement: Statement, values: unknown[]) => Promise<Row[]>

/**
 * Runs statements by name, so that a server plans each of them once, until a name has gone astray: a
 * pooler that gives every transaction another server connection, and knows nothing of names, is in
 * between. From then on they are sent with their text each time. A name that is not there, or there
 * already, has executed nothing, so that the same statement may be sent again.
 * @param onAstray hears of it, once
 */
export function createRunStatement(
  acquire: () => Promise<pg.PoolClient>,
  onAstray: () => void,
): RunStatement {
  let isNamed = true
  const ask = async (query: pg.QueryConfig) => {
    const connection = await acquire()
    try {
      return (await connection.query(query)).rows
    } finally {
      connection.release()
    }
  }
  return async (statement, values) => {
    const { text } = statement
    if (!isNamed) return ask({ text, values })
    try {
      return await ask({ name: nameOf(statement), text, values })
    } catch (error) {
      if (!isStatementAstray(error)) throw error
      // Of those that were under way, one speaks for all.
      if (isNamed) onAstray()
      isNamed = false
      return ask({ text, values })
    }
  }
}

const names = new WeakMap<Statement, string>()

/**
 * The name that a server knows a statement by. It depends on the text: behind one pooler, two versions
 * of this service meet on the same connections, and neither may run the other's statement.
 */
function nameOf(statement: Statement): string {
  const known = names.get(statement)
  if (known !== undefined) return known
  const name = `${statement.name} ${sha256(statement.text).toString('base64url').slice(0, 16)}`
  names.set(statement, name)
  return name
}
