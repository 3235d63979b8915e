import type { Clock } from '../../src/base/clock.ts'

/** A clock that stands still until a test moves it. */
export interface StoppedClock extends Clock {
  advance(seconds: number): void
}

export function createStoppedClock(start = Date.UTC(2026, 10, 21, 12)): StoppedClock {
  let now = start
  return {
    now: () => now,
    advance(seconds) {
      now += seconds * 1000
    },
  }
}
