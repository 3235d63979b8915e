import { Readable, type Writable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import type { RevocationFeed } from '../revocations/feed/feed.ts'

/** Those who follow what is revoked, each on a connection that stays open. */
export interface RevocationStreams {
  /**
   * Events after number `since` (WHATWG HTML §9.2.5); undefined when there are too many streams.
   * @param caller of whom no more than fifty are taken: a prefix of addresses
   * @param response what they will be written to
   */
  open(since: number, caller: string, response: Writable): Readable | undefined
  /** Ends all of them, and lets no more begin. Whoever does not take the end is cut off. */
  close(): Promise<void>
}

const MOST = 1_000

/** One caller must not take the place of all others. */
const MOST_OF_CALLER = 50

/** So often one hears something, though it be that there is nothing new. */
const BEAT_MS = 10_000

/** Whoever has not taken what it was sent for so many beats is cut off. */
const PATIENCE_BEATS = 3

/** How long the end of a stream may take to be read, in milliseconds. */
const LINGER_MS = 1_000

/** How long an EventSource waits before it connects again, in milliseconds. */
const RETRY = 'retry: 2000\n\n'

/** Keeps a connection open while there is nothing to be said. */
const SILENCE = ':\n\n'

/** @param beatMs the length of a beat */
export function createRevocationStreams(
  feed: Pick<RevocationFeed, 'answer' | 'onNews'>,
  beatMs = BEAT_MS,
): RevocationStreams {
  /** Each, until all that it was sent has been read; and how many beats ago it was ready for more. */
  const open = new Map<Writable, { readonly caller: string; beats: number }>()
  let isClosing = false
  let next = Promise.withResolvers<void>()
  const wakeAll = () => {
    next.resolve()
    next = Promise.withResolvers()
  }
  const beat = () => {
    for (const [response, follower] of open) {
      if (follower.beats >= PATIENCE_BEATS) response.destroy()
      else follower.beats += 1
    }
    wakeAll()
  }
  const stopNews = feed.onNews(wakeAll)
  const timer = setInterval(beat, beatMs).unref()

  /** Makes an event only when the one before was taken: nothing piles up for a slow reader. */
  async function* follow(since: number, isTaken: () => void) {
    yield RETRY
    for (let cursor = since; !isClosing; ) {
      isTaken()
      const woken = next.promise
      const answer = await feed.answer(cursor)
      yield answer === undefined
        ? SILENCE
        : `event: revocations\nid: ${answer.seq}\ndata: ${answer.body}\n\n`
      isTaken()
      if (answer !== undefined) cursor = answer.seq
      if (answer?.more !== true) await woken
    }
  }

  return {
    open(since, caller, response) {
      if (isClosing || open.size >= MOST) return undefined
      const ofCaller = [...open.values()].filter((one) => one.caller === caller)
      if (ofCaller.length >= MOST_OF_CALLER) return undefined
      const follower = { caller, beats: 0 }
      open.set(response, follower)
      const events = follow(since, () => {
        follower.beats = 0
      })
      const stream = Readable.from(events, { objectMode: false })
      response.once('close', () => {
        open.delete(response)
        stream.destroy()
      })
      return stream
    },
    async close() {
      isClosing = true
      clearInterval(timer)
      stopNews()
      wakeAll()
      const responses = [...open.keys()]
      const read = responses.map((one) => new Promise((resolve) => one.once('close', resolve)))
      await Promise.race([Promise.all(read), delay(LINGER_MS, undefined, { ref: false })])
      for (const response of open.keys()) response.destroy()
    },
  }
}
