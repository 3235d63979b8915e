import { setTimeout as delay } from 'node:timers/promises'
import { DatabaseUnavailable } from './failure.ts'

/** Whoever waits longer than its caller does tells nobody anything. */
const PATIENCE_MS = 1_000

/**
 * The answer to what the database was asked, if it comes within a second; throws DatabaseUnavailable
 * if it does not, and whatever the question throws.
 */
export async function inTime<T>(asked: Promise<T>): Promise<T> {
  const limit = new AbortController()
  const late = delay(PATIENCE_MS, undefined, { signal: limit.signal }).then(() => {
    throw new DatabaseUnavailable(new Error('no answer in time'), false)
  })
  try {
    return await Promise.race([asked, late])
  } finally {
    limit.abort()
    late.catch(() => {})
    asked.catch(() => {})
  }
}
