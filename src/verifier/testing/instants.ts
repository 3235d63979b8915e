/** Instants at which sessions start and cut-offs fall; milliseconds since the epoch. */
export interface Instants {
  /** When a session starts: now. */
  start(): number
  /** A cut-off: after every start before it, and not after any that follows. */
  cutOff(): number
}

/**
 * Keeps starts and cut-offs in the order in which they were asked for, though the clock stands still,
 * as it does in a test: a session that starts in the millisecond of a cut-off would else be on either
 * side of it.
 */
export function createInstants(clock: () => number): Instants {
  let latest = 0
  return {
    start() {
      latest = Math.max(latest, Math.floor(clock()))
      return latest
    },
    cutOff() {
      latest = Math.max(latest + 1, Math.floor(clock()))
      return latest
    },
  }
}
