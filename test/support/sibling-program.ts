import { createServer, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { createVerifier, VerifyError } from '../../src/verifier/verifier.ts'

// A service that verifies by the package, in the process of ./sibling.ts, and how a drill talks to it.

/** How far its clock is ahead of the machine's, in milliseconds. */
let ahead = 0

const verifier = createVerifier({
  ...JSON.parse(process.env.VERIFIER ?? '{}'),
  clock: () => Date.now() + ahead,
})

interface Answer {
  readonly status: number
  readonly headers?: Record<string, string>
  readonly body: unknown
}

const ROUTES: Record<string, (request: IncomingMessage) => Promise<Answer>> = {
  'GET /': ({ headers }) => answerFor(headers.authorization?.replace(/^Bearer /, '') ?? ''),
  'GET /stats': async () => ({ status: 200, body: verifier.stats() }),
  /** Takes seconds. */
  async 'POST /clock'(request) {
    ahead += Number(await text(request)) * 1000
    return { status: 200, body: Date.now() + ahead }
  },
  /** Takes tokens, one a line, as if each had come by itself; answers the status of each. */
  async 'POST /tokens'(request) {
    const tokens = (await text(request)).split('\n')
    const answers = await Promise.all(tokens.map((token) => answerFor(token)))
    return { status: 200, body: answers.map(({ status }) => status) }
  },
}

async function answerFor(token: string): Promise<Answer> {
  try {
    const { claims } = await verifier.verify(token)
    return { status: 200, body: { sub: claims.sub } }
  } catch (error) {
    if (!(error instanceof VerifyError)) throw error
    const { status, code, retryAfterSeconds } = error
    const headers: Record<string, string> =
      retryAfterSeconds === undefined ? {} : { 'retry-after': `${retryAfterSeconds}` }
    return { status, headers, body: { code } }
  }
}

createServer(async (request, response) => {
  const route = ROUTES[`${request.method} ${request.url}`]
  const { status, headers, body } = (await route?.(request)) ?? { status: 404, body: null }
  response
    .writeHead(status, { 'content-type': 'application/json', ...headers })
    .end(JSON.stringify(body))
}).listen(Number(process.env.PORT), '127.0.0.1')
