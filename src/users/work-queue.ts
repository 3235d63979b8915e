/** The queue is full: try again later. */
export class QueueFull extends Error {
  override readonly name = 'QueueFull'
}

/** Runs at most so many jobs at once and lets at most so many wait, in order. */
export interface WorkQueue {
  /** Runs the job when its turn comes; throws {@link QueueFull} at once when too many wait. */
  run<T>(job: () => Promise<T>): Promise<T>
}

/**
 * Password hashing takes whole cores. Bounding how much of it runs at once leaves the others to
 * refreshes; bounding how much waits turns a flood into a quick 503 instead of a long silence.
 */
export function createWorkQueue(options: { concurrency: number; limit: number }): WorkQueue {
  const waiting: (() => void)[] = []
  let running = 0
  return {
    async run(job) {
      if (running >= options.concurrency) {
        if (waiting.length >= options.limit) throw new QueueFull('too many logins are waiting')
        await new Promise<void>((resolve) => waiting.push(resolve))
      } else {
        running += 1
      }
      try {
        return await job()
      } finally {
        // The turn passes on directly, so that nobody can slip in between.
        const next = waiting.shift()
        if (next === undefined) running -= 1
        else next()
      }
    },
  }
}
