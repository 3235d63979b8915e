import { once } from 'node:events'
import { createServer, get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

/** What a caller has fetched through the front. */
export interface Fetched {
  /** Every answer, 304 included. */
  answers: number
  /** Those that were neither 200 nor 304, or did not come. */
  failures: number
  /** The most keys that one answer held. */
  mostKeys: number
  /** The longest time between two answers, in milliseconds: so old was what was gone by. */
  longestMs: number
  /** When the last one came, in milliseconds since the epoch. */
  lastAt: number | undefined
}

/** Stands before several instances as a load balancer does, and gives each of its callers an address. */
export interface JwksFront {
  uri(name: string): string
  /** By the caller's name. */
  readonly fetched: ReadonlyMap<string, Fetched>
}

/** An instance that does not begin to answer within so many milliseconds is passed over. */
const PATIENCE = 2_000
/** And is not asked again for so long. */
const REST = 5_000

const PATH = '/.well-known/jwks.json'

/**
 * Asks the instances in turn for what is asked of it, and those after it where one does not answer.
 * Closed at the end of the test.
 */
export async function startJwksFront(
  t: Test,
  instances: readonly { url: string }[],
): Promise<JwksFront> {
  const fetched = new Map<string, Fetched>()
  const restsUntil = new Map<string, number>()
  let turn = 0
  const server = createServer(async (request, answer) => {
    const name = decodeURIComponent(request.url?.split('/')[1] ?? '')
    const seen = fetched.get(name) ?? begin()
    fetched.set(name, seen)
    const { host, connection, ...headers } = request.headers
    turn += 1
    const inTurn = instances.map((_, n) => instances[(turn + n) % instances.length] ?? { url: '' })
    const rests = ({ url }: { url: string }) => (restsUntil.get(url) ?? 0) > Date.now()
    // Those that rest come last: they may be all that there is.
    for (const { url } of inTurn.toSorted((a, b) => Number(rests(a)) - Number(rests(b)))) {
      const found = await ask(`${url}${PATH}`, headers).catch(() => undefined)
      if (found === undefined) {
        restsUntil.set(url, Date.now() + REST)
        continue
      }
      note(seen, found)
      answer.writeHead(found.status, found.headers).end(found.body)
      return
    }
    seen.failures += 1
    answer.writeHead(502).end()
  })
  // Longer than a verifier keeps its keys: it may ask on a connection as that is being closed.
  server.keepAliveTimeout = 120_000
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  return {
    uri: (name) => `http://127.0.0.1:${port}/${encodeURIComponent(name)}${PATH}`,
    fetched,
  }
}

const begin = (): Fetched => ({
  answers: 0,
  failures: 0,
  mostKeys: 0,
  longestMs: 0,
  lastAt: undefined,
})

function note(seen: Fetched, { status, body }: Found): void {
  const now = Date.now()
  if (status !== 200 && status !== 304) {
    seen.failures += 1
    return
  }
  seen.answers += 1
  if (seen.lastAt !== undefined) seen.longestMs = Math.max(seen.longestMs, now - seen.lastAt)
  seen.lastAt = now
  if (status === 200) {
    const { keys } = JSON.parse(body.toString()) as { keys: unknown[] }
    seen.mostKeys = Math.max(seen.mostKeys, keys.length)
  }
}

interface Found {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

function ask(url: string, headers: IncomingMessage['headers']): Promise<Found> {
  return new Promise((resolve, reject) => {
    const asked = get(url, { headers, timeout: PATIENCE }, (answer) => {
      const parts: Buffer[] = []
      answer.on('data', (part: Buffer) => parts.push(part))
      answer.on('error', reject)
      answer.on('end', () => {
        const { statusCode: status = 0 } = answer
        resolve({ status, headers: answer.headers, body: Buffer.concat(parts) })
      })
    })
    asked.on('timeout', () => asked.destroy(new Error('no answer')))
    asked.on('error', reject)
  })
}
