/** The database did not answer, or could not now. Nothing is known against the caller: 503, try again. */
export class DatabaseUnavailable extends Error {
  override readonly name = 'DatabaseUnavailable'
  /** Whether the connection broke under the statement, so that its commit may or may not have happened. */
  readonly fateUnknown: boolean

  constructor(cause: unknown, fateUnknown: boolean) {
    super('the database is unavailable', { cause })
    this.fateUnknown = fateUnknown
  }
}

const CONNECTION_LOST =
  /ECONNRESET|EPIPE|Connection terminated|Connection ended|connection.*closed|not queryable|Query read timeout/i
const CANNOT_CONNECT = /ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|timeout expired/i

/**
 * SQLSTATEs (PostgreSQL appendix A) by which the server says that it cannot serve now: connection
 * exceptions, shut-down, crash, start-up, too many connections, out of disk or memory, a statement
 * past its time limit, and a primary that has become read-only.
 */
const UNAVAILABLE_STATE = /^(08...|57P0[1-5]|57014|53...|58...|25006|XX...)$/
const FATE_UNKNOWN_STATE = /^(08...|57P0[12])$/

/** Conflicts that are over as soon as they are tried again: serialization, deadlock, lock time-out. */
const CONFLICT_STATE = /^(40001|40P01|55P03)$/

/** Whether the same transaction may simply be tried again. */
export function isConflict(error: unknown): boolean {
  return CONFLICT_STATE.test(stateOf(error))
}

/** Whether the server takes no writes: a primary that has become a standby (25006). */
export function isReadOnly(error: unknown): boolean {
  return stateOf(error) === '25006'
}

/** Whether a unique constraint refused a row. */
export function isDuplicate(error: unknown): boolean {
  return stateOf(error) === '23505'
}

/** The error to throw on: outages become {@link DatabaseUnavailable}, anything else stays itself. */
export function classify(error: unknown): unknown {
  if (error instanceof DatabaseUnavailable) return error
  const state = stateOf(error)
  const text = textOf(error)
  if (FATE_UNKNOWN_STATE.test(state) || (state === '' && CONNECTION_LOST.test(text))) {
    return new DatabaseUnavailable(error, true)
  }
  if (UNAVAILABLE_STATE.test(state) || (state === '' && CANNOT_CONNECT.test(text))) {
    return new DatabaseUnavailable(error, false)
  }
  return error
}

/** What of a database error may be logged: its client, parameters and detail stay out. */
export function describeDatabaseError(error: unknown): Record<string, string> {
  const { code, constraint, routine } = (error ?? {}) as Record<string, unknown>
  const described: Record<string, string> = {}
  if (error instanceof Error) described.message = error.message
  for (const [name, value] of Object.entries({ code, constraint, routine })) {
    if (typeof value === 'string') described[name] = value
  }
  return described
}

/** The SQLSTATE of a server's error; empty for what Node or the driver reports. */
function stateOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' && /^[0-9A-DF-Z][0-9A-Z]{4}$/.test(code) ? code : ''
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return ''
  return `${(error as NodeJS.ErrnoException).code ?? ''} ${error.message}`
}
