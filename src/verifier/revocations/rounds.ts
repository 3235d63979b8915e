import { backoff, readRetryAfter } from '../backoff.ts'
import type { Schedule } from '../schedule.ts'
import { type Ask, FeedRefused } from './ask.ts'
import type { Connection } from './follow.ts'
import type { Freshness } from './freshness.ts'

/** Asks the feed round after round, and follows its stream in between. */
export interface Rounds {
  /** Begins a round when it is time for one: the timers of some runtimes sleep between requests. */
  beginIfDue(): void
  /** Resolves when no question is underway; never rejects. */
  underway(): Promise<void>
  /** Whether the first question has ended, well or not. */
  readonly hasEnded: boolean
  readonly fetches: number
  readonly failures: number
  close(): void
}

/**
 * Every round asks once, so that what came while no stream was there is known before the next one is.
 */
export function createRounds(options: {
  ask: Ask
  /** Undefined to ask only. */
  connect: ((catchUp: () => Promise<void>, signal: AbortSignal) => Connection) | undefined
  /** In seconds. */
  pollEvery: number
  freshness: Freshness
  clock: () => number
  random: () => number
  schedule: Schedule
}): Rounds {
  const { ask, connect, pollEvery, freshness, clock, random, schedule } = options
  const closing = new AbortController()
  let asking: Promise<void> | undefined
  let isFollowing = false
  let hasEnded = false
  let nextAt = 0
  let callOff = () => {}
  let fetches = 0
  let failures = 0
  let askFailures = 0
  let streamFailures = 0
  let retryAfter = 0

  const fail = (error: unknown) => {
    failures += 1
    freshness.failed(error instanceof Error ? error.message : String(error))
    const wish = error instanceof FeedRefused ? error.retryAfter : null
    retryAfter = readRetryAfter(wish, clock(), LONGEST_RETRY_AFTER)
  }
  const askOnce = async () => {
    fetches += 1
    try {
      await ask(closing.signal)
      askFailures = 0
      retryAfter = 0
    } catch (error) {
      if (closing.signal.aborted) return
      askFailures += 1
      fail(error)
    }
    hasEnded = true
  }
  const askNow = () => {
    asking ??= askOnce().finally(() => {
      asking = undefined
      nextAt = clock() + pollEvery * 1000
    })
    return asking
  }
  const catchUp = async () => {
    await askNow()
    if (askFailures > 0) throw new Error('what an event of the stream left out could not be had')
  }

  /** Returns how many seconds to wait then. */
  const follow = async (start: NonNullable<typeof connect>): Promise<number> => {
    const connection = start(catchUp, closing.signal)
    isFollowing = true
    try {
      await connection.run()
    } catch (error) {
      if (!closing.signal.aborted) fail(error)
    }
    isFollowing = false
    streamFailures = connection.events > 0 ? 1 : streamFailures + 1
    const least = (connection.retry ?? 1000) / 1000
    return backoff(streamFailures, 2 * least, Math.max(2 * least, pollEvery), random)
  }

  const round = async () => {
    callOff()
    await askNow()
    let wait = pollEvery * (0.9 + random() / 5)
    if (askFailures > 0) wait = backoff(askFailures, 2, pollEvery, random)
    else if (connect !== undefined && !closing.signal.aborted) wait = await follow(connect)
    if (closing.signal.aborted) return
    wait = Math.max(wait, retryAfter)
    nextAt = clock() + wait * 1000
    callOff = schedule(() => void round(), wait * 1000)
  }

  return {
    beginIfDue() {
      if (closing.signal.aborted || asking !== undefined || clock() < nextAt) return
      if (!isFollowing) void round()
      else if (freshness.isStale()) void askNow()
    },
    underway: () => asking ?? Promise.resolve(),
    get hasEnded() {
      return hasEnded
    },
    get fetches() {
      return fetches
    },
    get failures() {
      return failures
    },
    close() {
      callOff()
      closing.abort()
    },
  }
}

/** In seconds. Whoever asks for more has set it by mistake, and would leave siblings in the dark. */
const LONGEST_RETRY_AFTER = 60
