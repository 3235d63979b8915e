import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

/** What may be wrong with the answer of a JWKS. */
export const FAULTS = ['down', 'slow', 'garbage', 'empty set', '500', '404', 'cut off'] as const
export type Fault = (typeof FAULTS)[number]

/** A JWKS that answers what it is told to, or does not. */
export interface FaultyJwks {
  readonly uri: string
  /** How often it was asked. */
  asked(): number
  /** The keys that it answers from now on. */
  publish(keys: readonly object[]): void
  /** `undefined`: it is well again. */
  suffer(fault: Fault | undefined): void
}

/** In milliseconds; the verifier gives up long before. */
const SLOW = 20_000

/** Starts one; closed at the end of the test. */
export async function startFaultyJwks(t: Test): Promise<FaultyJwks> {
  let fault: Fault | undefined
  let keys: readonly object[] = []
  let asked = 0
  const jwks = () => JSON.stringify({ keys })
  const answers: Record<Fault, (answer: ServerResponse) => void> = {
    down: (answer) => answer.destroy(),
    slow: (answer) => void setTimeout(() => answer.end(jwks()), SLOW).unref(),
    garbage: (answer) => answer.end('<html>Welcome to the hotel’s network</html>'),
    'empty set': (answer) => answer.end('{"keys":[]}'),
    500: (answer) => answer.writeHead(500).end('oops'),
    404: (answer) => answer.writeHead(404).end('not here'),
    'cut off': (answer) =>
      answer
        .writeHead(200, { 'content-length': '4096' })
        .write('{"keys":[', () => answer.destroy()),
  }
  const server = createServer((_request, answer) => {
    asked += 1
    if (fault !== undefined) return answers[fault](answer)
    answer.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'max-age=300' })
    answer.end(jwks())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return {
    uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`,
    asked: () => asked,
    publish: (some) => {
      keys = some
    },
    suffer: (some) => {
      fault = some
    },
  }
}
