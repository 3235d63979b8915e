import { pino } from 'pino'
import { describeDatabaseError } from '../db/failure.ts'

/** Members that are cut out of a log line wherever they stand, should one ever get there. */
const SECRETS = [
  'password',
  'client_secret',
  'refresh_token',
  'access_token',
  'token',
  'authorization',
  'cookie',
]

export type Logger = ReturnType<typeof createLogger>

/** The log: one JSON line an entry, to standard output. */
export function createLogger(options: { level: string }) {
  return pino({
    level: options.level,
    redact: {
      paths: SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
      censor: '[redacted]',
    },
    // A database error carries its client, and so the connection's password.
    serializers: { err: (error) => (error instanceof Error ? describeError(error) : error) },
  })
}

function describeError(error: Error): Record<string, unknown> {
  const cause = error.cause instanceof Error ? { cause: describeDatabaseError(error.cause) } : {}
  return { ...describeDatabaseError(error), stack: error.stack, ...cause }
}
