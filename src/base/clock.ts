/** The one source of time. Everything that asks for the hour takes a Clock, so tests can stop it. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number
}

export const systemClock: Clock = { now: () => Date.now() }

/** A clock that follows another one plus an offset that may be corrected while it runs. */
export interface CorrectedClock extends Clock {
  /** Milliseconds that are added to the underlying clock. */
  readonly offset: number
  correct(offset: number): void
}

/**
 * Replicas judge windows and lifetimes by the database's clock, whatever their hosts' clocks say:
 * each measures its distance from it and adds it here.
 */
export function createCorrectedClock(base: Clock): CorrectedClock {
  let offset = 0
  return {
    get offset() {
      return offset
    },
    correct(measured) {
      offset = measured
    },
    now: () => base.now() + offset,
  }
}
