import { CommanderError } from 'commander'
import { ConfigurationError } from '../config.ts'
import { describeDatabaseError } from '../db/failure.ts'

/** How a command ends, in exit codes; told in `--help`. */
export const EXIT = { ok: 0, no: 1, usage: 2, databaseUnavailable: 3 } as const

/** What ended a command, fit to print: no stack, no secret. */
export interface Failure {
  readonly code: string
  readonly message: string
  readonly exitCode: number
}

/** A command that cannot go on. The message says what to do. */
export class CommandFailure extends Error implements Failure {
  override readonly name = 'CommandFailure'
  readonly code: string
  readonly exitCode: number

  constructor(code: string, message: string, exitCode: number = EXIT.no) {
    super(message)
    this.code = code
    this.exitCode = exitCode
  }
}

/** By an error's name: its code on the command line and how the command exits. */
const KNOWN: Record<string, readonly [code: string, exitCode: number]> = {
  InvalidRegistration: ['client_invalid', EXIT.usage],
  InvalidUser: ['user_invalid', EXIT.usage],
  InvalidAudience: ['audience_invalid', EXIT.usage],
  OAuthError: ['usage', EXIT.usage],
  CannotUnseal: ['master_keys_wrong', EXIT.usage],
  InvalidKey: ['key_invalid', EXIT.usage],
  KeyExists: ['key_exists', EXIT.no],
  KeyNotFound: ['key_not_found', EXIT.no],
  NextKeyBusy: ['key_busy', EXIT.no],
  UnfitKey: ['key_unfit', EXIT.no],
  ImpossibleKey: ['key_impossible', EXIT.no],
  ClientExists: ['client_exists', EXIT.no],
  ClientIdIsSubject: ['client_id_is_subject', EXIT.no],
  UserExists: ['user_exists', EXIT.no],
  /** That of the verifier's package. */
  CommandFailure: ['usage', EXIT.usage],
  EmbeddedDatabaseInUse: ['database_in_use', EXIT.no],
  EmbeddedDatabaseUnavailable: ['database_unavailable', EXIT.databaseUnavailable],
}

/** What of any error may be printed. */
export function toFailure(error: unknown): Failure {
  const failure = describe(error)
  return { ...failure, message: withoutSecrets(failure.message) }
}

function describe(error: unknown): Failure {
  if (error instanceof CommandFailure) {
    const { code, message, exitCode } = error
    return { code, message, exitCode }
  }
  if (error instanceof CommanderError) return describeUsage(error)
  if (error instanceof ConfigurationError) {
    return { code: 'configuration_invalid', message: error.message, exitCode: EXIT.usage }
  }
  const { name, message, code, cause } = Object(error) as NodeJS.ErrnoException
  const known = KNOWN[name]
  if (known !== undefined) return { code: known[0], message, exitCode: known[1] }
  if (name === 'DatabaseUnavailable') return describeOutage(cause)
  // Wrong password, no such role, no such database (PostgreSQL appendix A).
  if (/^(28...|3D000)$/.test(code ?? '')) return describeOutage(error)
  if (code === 'EADDRINUSE') {
    return { code: 'port_in_use', message: `${message}: set PORT to another`, exitCode: EXIT.no }
  }
  const why = cause instanceof Error ? `: ${describeDatabaseError(cause).message}` : ''
  return { code: 'failed', message: `${message ?? String(error)}${why}`, exitCode: EXIT.no }
}

function describeUsage(error: CommanderError): Failure {
  if (error.code === 'commander.help') {
    const message = 'a command is missing: see mintmark --help'
    return { code: 'help_shown', message, exitCode: EXIT.usage }
  }
  const message = error.message.replace(/^error: /, '').replaceAll('\n', ' ')
  const hint = usageHint(message)
  return { code: 'usage', message: `${message}${hint}`, exitCode: EXIT.usage }
}

function usageHint(message: string): string {
  if (message.includes('Did you mean')) return ''
  // The kid of a key may begin so, as any text in base64url.
  const isDashed = /unknown option '-[\w-]{20,}'/.test(message)
  return isDashed ? ' (what begins with - and is no option goes last, after --)' : ' (see --help)'
}

function describeOutage(cause: unknown): Failure {
  const { code, message } = describeDatabaseError(cause)
  const why = message || code || 'no answer'
  return {
    code: 'database_unavailable',
    message: `the database is unavailable (${why}): see that it runs and that DATABASE_URL is right`,
    exitCode: EXIT.databaseUnavailable,
  }
}

/** A token or a secret given in a wrong place must not be repeated into a terminal's log. */
function withoutSecrets(text: string): string {
  return text.replace(/mm_(rt|cs)_[\w-]+/g, 'mm_$1_…').replace(/eyJ[\w-]*(\.[\w-]*)+/g, 'eyJ…')
}
