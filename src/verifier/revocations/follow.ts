import type { Schedule } from '../schedule.ts'
import { FeedRefused, LONGEST_ANSWER } from './ask.ts'
import { createEventStreamReader } from './event-stream.ts'
import type { Known } from './known.ts'

/** One connection to the stream, from its beginning to its end. */
export interface Connection {
  /** Resolves when the server ended the stream; throws an Error with a message fit to show. */
  run(): Promise<void>
  /** How many events were taken. */
  readonly events: number
  /** How long the server wants to be left alone after it, in milliseconds, if it said so. */
  readonly retry: number | undefined
}

/**
 * Follows the stream of revocations (server-sent events) from what is known already.
 * @param url the feed's; the stream is below it
 * @param catchUp fetches what an event shows to be missing
 */
export function createConnection(options: {
  url: URL
  fetch: typeof globalThis.fetch
  known: Known
  catchUp: () => Promise<void>
  schedule: Schedule
  /** Ends it. */
  signal: AbortSignal
}): Connection {
  const { fetch, known, catchUp, schedule, signal } = options
  const reader = createEventStreamReader(LONGEST_ANSWER)
  let events = 0

  const take = async (bytes: Uint8Array, onEvent: () => void) => {
    for (const { event, data } of reader.push(bytes)) {
      if (event !== 'revocations') continue
      onEvent()
      const { isGap } = await known.take(data)
      if (isGap) await catchUp()
      events += 1
    }
  }

  return {
    async run() {
      const silence = new AbortController()
      let callOff = () => {}
      const listen = () => {
        callOff()
        callOff = schedule(() => silence.abort(), SILENCE_MS)
      }
      listen()
      try {
        const headers: Record<string, string> = { accept: 'text/event-stream' }
        if (known.seq !== undefined) headers['last-event-id'] = String(known.seq)
        const response = await fetch(streamOf(options.url), {
          headers,
          redirect: 'manual',
          signal: AbortSignal.any([signal, silence.signal]),
        })
        const body = await acceptStream(response)
        for (;;) {
          const part = await body.read()
          if (part.done) return
          await take(part.value, listen)
        }
      } catch (error) {
        if (!silence.signal.aborted) throw error
        throw new Error(`the stream of revocations was silent for ${SILENCE_MS / 1000} s`)
      } finally {
        callOff()
        // Lets go of the connection, whatever the reason.
        silence.abort()
      }
    },
    get events() {
      return events
    },
    get retry() {
      return reader.retry
    },
  }
}

async function acceptStream(response: Response) {
  const type = response.headers.get('content-type') ?? ''
  if (response.status === 200 && response.body !== null && /^text\/event-stream\b/i.test(type)) {
    return response.body.getReader()
  }
  await response.body?.cancel()
  if (response.status !== 200) throw new FeedRefused(response)
  throw new Error(`the stream of revocations is no event stream but ${type || 'of no type'}`)
}

function streamOf(feed: URL): string {
  const url = new URL(feed)
  url.pathname = `${url.pathname.replace(/\/$/, '')}/stream`
  return url.href
}

/** The server sends something every 10 s. */
const SILENCE_MS = 25_000
