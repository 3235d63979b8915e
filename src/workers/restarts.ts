/** In milliseconds. */
const FIRST_PAUSE = 1_000
const LONGEST_PAUSE = 30_000
/** Who was ready for so long did not end by what ended the one before. */
const STEADY = 30_000

/** How long to wait before a worker is started in the place of one that ended. */
export interface Restarts {
  /** The pause in milliseconds: 1, 2, 4 and so on to 30 seconds. */
  next(): number
  /** One is ready. If it is for long, the next pause is the first again. */
  ready(ended: Promise<unknown>): void
}

export function createRestarts(): Restarts {
  let pause = FIRST_PAUSE
  return {
    next() {
      const now = pause
      pause = Math.min(pause * 2, LONGEST_PAUSE)
      return now
    },
    ready(ended) {
      const timer = setTimeout(() => {
        pause = FIRST_PAUSE
      }, STEADY).unref()
      void ended.then(() => clearTimeout(timer))
    },
  }
}
