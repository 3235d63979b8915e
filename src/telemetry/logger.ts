import { hostname } from 'node:os'
import { destination, pino } from 'pino'
import { describeDatabaseError } from '../db/failure.ts'
import { redact } from './redact.ts'

export type Logger = ReturnType<typeof createLogger>

/**
 * The log: one JSON line an entry, to standard output, which is flushed when the process ends.
 * @param options.worker which of several workers this process is, for each of its lines
 */
export function createLogger(options: { level: string; worker?: number | undefined }) {
  const { worker } = options
  return pino(
    {
      ...(worker !== undefined && { base: { pid: process.pid, hostname: hostname(), worker } }),
      level: options.level,
      formatters: { log: (fields) => redact(fields) as Record<string, unknown> },
      // A database error carries its client, and so the connection's password.
      serializers: { err: (error) => (error instanceof Error ? describeError(error) : error) },
    },
    // Whoever reads the log slowly must not stop those who are being answered.
    destination({ sync: false }),
  )
}

function describeError(error: Error): Record<string, unknown> {
  const cause = error.cause instanceof Error ? { cause: describeDatabaseError(error.cause) } : {}
  return { ...describeDatabaseError(error), stack: error.stack, ...cause }
}
