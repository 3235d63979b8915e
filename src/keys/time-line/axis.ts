import type { TimeLine } from './time-line.ts'

/** A mark on the axis of a time line. */
export interface Tick {
  /** Milliseconds since the epoch. */
  readonly at: number
  /** In UTC, as exact as the distance between marks. */
  readonly label: string
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Distances between marks that people read easily. */
const STEPS = [
  ...[1, 5, 15, 30].map((seconds) => seconds * 1000),
  ...[1, 5, 15, 30].map((minutes) => minutes * MINUTE),
  ...[1, 3, 6, 12].map((hours) => hours * HOUR),
  ...[1, 2, 5, 10, 15, 20, 30, 40, 60, 100, 200, 500, 1000, 2000, 5000].map((days) => days * DAY),
]

/** The marks within the range of a time line, as close as `most` of them allow. */
export function ticksOf({ from, until }: Pick<TimeLine, 'from' | 'until'>, most: number): Tick[] {
  const step = STEPS.find((one) => (until - from) / one <= most) ?? 10_000 * DAY
  const first = Math.ceil(from / step) * step
  const count = Math.max(0, Math.floor((until - first) / step) + 1)
  return Array.from({ length: count }, (_, n) => {
    const at = first + n * step
    return { at, label: label(at, step) }
  })
}

function label(at: number, step: number): string {
  const text = new Date(at).toISOString()
  if (step >= DAY) return text.slice(0, 10)
  return step >= MINUTE ? text.slice(5, 16).replace('T', ' ') : text.slice(11, 19)
}
