/**
 * How long to wait before the next try: twice as long after each failure, and a random part of that, so
 * that a thousand services do not come back in the same instant.
 * @param failures how many tries in a row have failed, 1 or more
 * @param first in seconds: the longest wait after the first failure
 * @param longest in seconds
 * @param random in [0, 1)
 * @returns seconds, from half of the wait up to the whole of it
 */
export function backoff(
  failures: number,
  first: number,
  longest: number,
  random: () => number,
): number {
  const wait = Math.min(longest, first * 2 ** Math.min(failures - 1, 30))
  return wait * (0.5 + random() / 2)
}

/**
 * What a Retry-After header asks for (RFC 9110 §10.2.3), in seconds, but never more than `longest`.
 * @param now milliseconds since the epoch, for the form that is a date
 */
export function readRetryAfter(header: string | null, now: number, longest: number): number {
  if (header === null) return 0
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - now) / 1000
  return Number.isNaN(seconds) ? 0 : Math.min(Math.max(seconds, 0), longest)
}
