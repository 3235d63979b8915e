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

/** What Node and the driver say of a connection that broke while a statement was out. */
const CONNECTION_LOST =
  /ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|Connection terminated|Connection ended|connection.*closed|not queryable|Query read timeout/i

/** What the driver says when its own limit has passed. */
const UNANSWERED = /Query read timeout/

/**
 * SQLSTATEs (PostgreSQL appendix A) by which the server, or a pooler before it, says that it cannot
 * serve now: connection exceptions, rejected logins, shut-down, crash, start-up, too many connections,
 * out of disk or memory, a statement or transaction past its time limit, a transaction rolled back, an
 * object that is in use, a primary that has become read-only, a prepared statement that the server
 * behind the pooler does not have, or has already.
 */
const UNAVAILABLE_STATE =
  /^(08...|25006|25P0[34]|26000|28...|3D000|4000[03]|42P05|53...|55000|55006|57...|58...|XX...)$/
const FATE_UNKNOWN_STATE = /^(08...|40003|57P0[12])$/

/** A table, column, function, type or schema that is not there, or that we have no right to. */
const OUT_OF_STEP_STATE = /^(42P01|42703|42883|42704|3F000|42501)$/

/** Conflicts that are over as soon as they are tried again: serialization, deadlock, lock time-out. */
const CONFLICT_STATE = /^(40001|40P01|55P03)$/

/** What a newer version wrote and this one cannot read: no caller's doing, and right once all are new. */
export function unreadable(what: string): DatabaseUnavailable {
  return new DatabaseUnavailable(new Error(what), false)
}

/** Whether the same transaction may simply be tried again. */
export function isConflict(error: unknown): boolean {
  return CONFLICT_STATE.test(stateOf(error))
}

/** Whether the server takes no writes: a primary that has become a standby (25006). */
export function isReadOnly(error: unknown): boolean {
  return stateOf(error) === '25006'
}

/** Whether a pooler takes no such setting from who connects, as pgbouncer says it. */
export function isParameterRefused(error: unknown): boolean {
  return stateOf(error) === '08P01' && /unsupported startup parameter/i.test(textOf(error))
}

/**
 * Whether the name of a prepared statement is not there, or is there already, though we know better:
 * it was given on another connection of the pooler's.
 */
export function isStatementAstray(error: unknown): boolean {
  return /^(26000|42P05)$/.test(stateOf(error instanceof DatabaseUnavailable ? error.cause : error))
}

/** Whether we gave up waiting for the answer, and the statement may still run. */
export function isUnanswered(error: unknown): boolean {
  return UNANSWERED.test(textOf(error))
}

/** Whether a unique constraint refused a row. */
export function isDuplicate(error: unknown): boolean {
  return stateOf(error) === '23505'
}

/** Whether a table that was to be made is there, or was made by somebody else in that moment. */
export function isThereAlready(error: unknown): boolean {
  return stateOf(error) === '42P07' || isDuplicate(error)
}

/**
 * Whether the tables or rights are not those that this version expects, as in the middle of an upgrade.
 * The database answers; nothing is known against the caller all the same.
 */
export function isOutOfStep(error: unknown): boolean {
  return OUT_OF_STEP_STATE.test(stateOf(error))
}

/**
 * The error to throw on, of a statement that was sent: outages become {@link DatabaseUnavailable},
 * anything else stays itself.
 */
export function classify(error: unknown): unknown {
  if (error instanceof DatabaseUnavailable) return error
  const state = stateOf(error)
  if (state === '') {
    return CONNECTION_LOST.test(textOf(error)) ? new DatabaseUnavailable(error, true) : error
  }
  if (FATE_UNKNOWN_STATE.test(state) || isPanic(error)) return new DatabaseUnavailable(error, true)
  return UNAVAILABLE_STATE.test(state) || isOutdatedPlan(error)
    ? new DatabaseUnavailable(error, false)
    : error
}

/** The server crashes at once, perhaps after the commit had reached the disk. */
function isPanic(error: unknown): boolean {
  return (error as { severity?: unknown }).severity === 'PANIC'
}

/** A migration changed what a prepared statement returns; a new connection prepares it anew. */
function isOutdatedPlan(error: unknown): boolean {
  return (error as { routine?: unknown }).routine === 'RevalidateCachedQuery'
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
