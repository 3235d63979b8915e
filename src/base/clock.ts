/** The one source of time. Everything that asks for the hour takes a Clock, so tests can stop it. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number
}

/**
 * This host's time as it was when the process began, and what has passed since: nobody who sets the
 * host's clock moves it.
 */
export const systemClock: Clock = {
  now: () => Math.floor(performance.timeOrigin + performance.now()),
}

/** By how much the host's clock is set must be seen. In milliseconds. */
const STEP_MS = 1_000

/**
 * Says whether this host's clock was set since it was last asked. A host that was suspended counts
 * too: its clock goes on meanwhile, and {@link systemClock} does not.
 */
export function createStepWatch(): () => boolean {
  let distance = Date.now() - systemClock.now()
  return () => {
    const before = distance
    distance = Date.now() - systemClock.now()
    return Math.abs(distance - before) > STEP_MS
  }
}

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
