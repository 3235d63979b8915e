import { Readable } from 'node:stream'
import type { RevocationFeed } from '../revocations/feed/feed.ts'

/** Those who follow what is revoked, each on a connection that stays open. */
export interface RevocationStreams {
  /** Events after number `since` (WHATWG HTML §9.2.5); undefined when there are too many streams. */
  open(since: number): Readable | undefined
  /** Ends all of them, and lets no more begin. */
  close(): void
}

const MOST = 1_000

/** So often one hears something, though it be that there is nothing new. */
const BEAT_MS = 10_000

/** Whoever has not taken what it was sent for so many beats is cut off. */
const PATIENCE_BEATS = 3

/** How long an EventSource waits before it connects again, in milliseconds. */
const RETRY = 'retry: 2000\n\n'

/** Keeps a connection open while there is nothing to be said. */
const SILENCE = ':\n\n'

/** @param beatMs the length of a beat */
export function createRevocationStreams(
  feed: Pick<RevocationFeed, 'answer' | 'onNews'>,
  beatMs = BEAT_MS,
): RevocationStreams {
  /** How many beats ago each was last ready for more. */
  const open = new Map<Readable, number>()
  let isClosing = false
  let next = Promise.withResolvers<void>()
  const wakeAll = () => {
    next.resolve()
    next = Promise.withResolvers()
  }
  const beat = () => {
    for (const [stream, beats] of open) {
      if (beats >= PATIENCE_BEATS) stream.destroy()
      else open.set(stream, beats + 1)
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
    open(since) {
      if (isClosing || open.size >= MOST) return undefined
      const stream: Readable = Readable.from(
        follow(since, () => void (open.has(stream) && open.set(stream, 0))),
        { objectMode: false },
      )
      open.set(stream, 0)
      stream.once('close', () => open.delete(stream))
      return stream
    },
    close() {
      isClosing = true
      clearInterval(timer)
      stopNews()
      wakeAll()
    },
  }
}
