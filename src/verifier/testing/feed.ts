import type { Algorithm } from '../types.ts'
import type { KeySet } from './key-set.ts'
import type { RevocationList } from './revocation-list.ts'
import { signCompact } from './signing-key.ts'

/** The revocations as they go over the wire: signed lists, asked for or pushed. */
export interface Feed {
  /** The signed list of what comes after a number. */
  list(since: number): Promise<string>
  /** The answer to `GET /.well-known/revocations/stream`: server-sent events until it is let go of. */
  stream(since: number, signal: AbortSignal): Response
  /** Tells all streams what is new to them. */
  push(): Promise<void>
  /** Ends all streams. */
  end(): void
}

interface Stream {
  since: number
  readonly controller: ReadableStreamDefaultController<Uint8Array>
}

/** Without news, a stream is told so often that there are none; in milliseconds. */
const HEARTBEAT_MS = 10_000

export function createFeed(options: {
  issuer: () => string
  alg: Algorithm
  clock: () => number
  keys: KeySet
  revocations: RevocationList
}): Feed {
  const { alg, clock, keys, revocations } = options
  const streams = new Set<Stream>()
  const encoder = new TextEncoder()
  let heartbeat: ReturnType<typeof setInterval> | undefined

  async function list(since: number): Promise<string> {
    const key = await keys.signer(alg)
    const now = clock() / 1000
    const payload = {
      iss: options.issuer(),
      iat: Math.floor(now),
      as_of: now,
      ...revocations.after(since),
      more: false,
    }
    return signCompact({ alg, kid: key.kid, typ: 'revocations+jwt' }, payload, key)
  }

  async function send(stream: Stream): Promise<void> {
    const { since } = stream
    // Set before the signature is made, so that what is revoked meanwhile is not passed over.
    stream.since = revocations.seq
    const event = `event: revocations\nid: ${stream.since}\ndata: ${await list(since)}\n\n`
    if (streams.has(stream)) stream.controller.enqueue(encoder.encode(event))
  }

  async function push(): Promise<void> {
    await Promise.all([...streams].map(send))
  }

  function leave(stream: Stream): void {
    streams.delete(stream)
    if (streams.size > 0) return
    clearInterval(heartbeat)
    heartbeat = undefined
  }

  return {
    list,
    push,
    stream(since, signal) {
      let stream: Stream
      const body = new ReadableStream<Uint8Array>({
        async start(controller) {
          stream = { since, controller }
          streams.add(stream)
          heartbeat ??= startHeartbeat(push)
          signal.addEventListener('abort', () => end(stream), { once: true })
          controller.enqueue(encoder.encode('retry: 2000\n\n'))
          await send(stream)
        },
        cancel: () => leave(stream),
      })
      const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-store' }
      return new Response(body, { headers })
    },
    end() {
      for (const stream of streams) end(stream)
    },
  }

  function end(stream: Stream): void {
    if (streams.has(stream)) stream.controller.close()
    leave(stream)
  }
}

/** Does not keep a process alive by itself. */
function startHeartbeat(push: () => Promise<void>): ReturnType<typeof setInterval> {
  const timer = setInterval(() => void push(), HEARTBEAT_MS)
  timer.unref?.()
  return timer
}
