import type { FastifyInstance, InjectOptions } from 'fastify'
import type { Test } from 'tap'
import { breachOf, breachOfError, type Contract, publicContract } from './contract.ts'

/**
 * From now on the test fails with every answer of this app that its document does not allow.
 * @param isMinimal whether the app was told to say no more of errors than it must
 */
export function watchApp(
  t: Test,
  app: FastifyInstance,
  isMinimal: boolean,
  contract: Contract = publicContract,
): void {
  const inject = app.inject.bind(app)
  const watched = async (request: InjectOptions | string) => {
    const answer = await inject(request)
    const { method = 'GET', url = '/' } = answer.raw.req as { method?: string; url?: string }
    const header = (name: string) => answer.headers[name]?.toString()
    const { statusCode: status, body } = answer
    const breach = breachOf({ method, url, status, header, body, isMinimal }, contract)
    if (breach !== undefined) t.fail(breach)
    return answer
  }
  app.inject = watched as typeof inject
}

/** The same for what came back on a socket, as text; a success is the caller's to look at. */
export function watchText(t: Test, answer: string, isMinimal: boolean): void {
  const [head = '', body = ''] = answer.split('\r\n\r\n')
  const [, status] = /^HTTP\/1\.1 (\d{3}) /.exec(head) ?? []
  const header = (name: string) => new RegExp(`^${name}: *(.*)$`, 'im').exec(head)?.[1]
  const seen = { method: 'RAW', url: '/', status: Number(status), header, body, isMinimal }
  const breach = breachOfError(seen)
  if (breach !== undefined) t.fail(`a socket was answered ${status}: ${breach}`)
}

const watchedPorts = new Map<string, { t: Test; contract: Contract }>()
const plainFetch = globalThis.fetch

/** The same for what is fetched from a service that listens on this port. */
export function watchPort(t: Test, port: string, contract: Contract = publicContract): void {
  watchedPorts.set(port, { t, contract })
  globalThis.fetch = watchedFetch
}

const watchedFetch: typeof fetch = async (input, init) => {
  const answer = await plainFetch(input, init)
  const watched = watchedPorts.get(new URL(answer.url).port)
  if (watched === undefined) return answer
  const { t, contract } = watched
  // A stream has no end to be waited for.
  if (answer.headers.get('content-type') === 'text/event-stream') return answer
  // A connection that breaks under the body is the caller's to notice.
  const body = await answer
    .clone()
    .text()
    .catch(() => undefined)
  if (body === undefined) return answer
  const method = answer.redirected ? 'GET' : (init?.method ?? 'GET')
  const header = (name: string) => answer.headers.get(name) ?? undefined
  const breach = breachOf(
    { method, url: answer.url, status: answer.status, header, body },
    contract,
  )
  if (breach !== undefined) t.fail(breach)
  return answer
}
