import { formatDuration, parseDuration } from '../base/duration.ts'
import type { Reader } from './readers.ts'

/** So many within so long. */
export interface Limit {
  readonly count: number
  readonly windowSeconds: number
}

const MOST = 1_000_000
const LONGEST_SECONDS = 86_400
const EXPECTED = `must be off, or a number from 1 to ${MOST} and a duration from 1s to 24h`

/** Reads a limit such as `10/5m`, ten in five minutes; `off` is no limit. */
export const limit: Reader<Limit | 'off'> = (text) => {
  if (text === 'off') return { value: text }
  const [count = '', length = '', ...rest] = text.split('/')
  const windowSeconds = parseDuration(length)
  if (!/^[0-9]{1,9}$/.test(count) || windowSeconds === undefined || rest.length > 0) {
    return { problem: `${EXPECTED}, as in 10/5m` }
  }
  const value = Object.freeze({ count: Number(count), windowSeconds })
  const fits =
    value.count >= 1 &&
    value.count <= MOST &&
    windowSeconds >= 1 &&
    windowSeconds <= LONGEST_SECONDS
  return fits
    ? { value }
    : { problem: `${EXPECTED}, not ${value.count}/${formatDuration(windowSeconds)}` }
}
