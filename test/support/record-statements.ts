import { appendFileSync } from 'node:fs'
import pg from 'pg'

/**
 * Loaded before tests by the drill of other engines: notes every statement that the service sends (its
 * connections call themselves mintmark), a JSON string a line, each once, in the file that the
 * environment names. What tests send themselves is not noted.
 */
export const STATEMENTS_VARIABLE = 'MINTMARK_TEST_STATEMENTS'

const file = process.env[STATEMENTS_VARIABLE]
const known = new Set<string>()
const prototype = pg.Client.prototype as unknown as {
  query(this: pg.Client, ...given: unknown[]): unknown
}
const { query } = prototype

if (file !== undefined) {
  prototype.query = function (...given) {
    const [asked] = given
    const text = typeof asked === 'string' ? asked : (asked as { text?: string })?.text
    const { connectionParameters } = this as unknown as {
      connectionParameters: { application_name?: string }
    }
    if (
      text !== undefined &&
      connectionParameters.application_name === 'mintmark' &&
      !known.has(text)
    ) {
      known.add(text)
      appendFileSync(file, `${JSON.stringify(text)}\n`)
    }
    return query.apply(this, given)
  }
}
