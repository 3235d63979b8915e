import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { createTestService } from '../support/service.ts'

/** A service that listens, and a way to send it bytes: all that comes back until it hangs up. */
async function listen(t: Test) {
  const service = await createTestService(t)
  await service.app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = service.app.server.address() as { port: number }
  const send = async (bytes: string) => {
    const socket = connect(port, '127.0.0.1')
    socket.write(bytes)
    let text = ''
    for await (const chunk of socket) text += chunk
    return text
  }
  return { service, port, send }
}

t.test('what is no HTTP request is refused in the shape of any other problem', async (t) => {
  const { service, send } = await listen(t)
  const large = 'a'.repeat(20_000)
  for (const [what, bytes, status, code] of [
    ['no HTTP', 'nonsense\r\n\r\n', 400, 'http_malformed'],
    [
      'headers over 16 KiB',
      `GET /me HTTP/1.1\r\nHost: x\r\nX: ${large}\r\n\r\n`,
      431,
      'headers_too_large',
    ],
    [
      'two lengths',
      'POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
      'http_malformed',
    ],
    ['no Host', 'GET /me HTTP/1.1\r\nConnection: close\r\n\r\n', 400, 'host_missing'],
  ] as const) {
    const answer = await send(bytes)
    const [head = '', body = ''] = answer.split('\r\n\r\n')
    t.match(head, new RegExp(`^HTTP/1.1 ${status} `), what)
    t.match(head.toLowerCase(), 'content-type: application/problem+json', what)
    t.match(head.toLowerCase(), 'cache-control: no-store', what)
    const problem = JSON.parse(body)
    t.match(problem, { type: 'about:blank', status, code }, what)
    t.match(head.toLowerCase(), `x-request-id: ${problem.request_id}`, what)
    const lines = service.log.filter((line) => line.includes(problem.request_id))
    t.equal(lines.length, 1, `${what}: one line in the log`)
  }
})

t.test('a caller who leaves before its body is whole has a line in the log', async (t) => {
  const { service, port } = await listen(t)
  const socket = connect(port, '127.0.0.1')
  const head = ['POST /token HTTP/1.1', 'Host: x', 'Content-Type: application/json']
  socket.write(`${head.join('\r\n')}\r\nContent-Length: 100\r\n\r\n{"grant`)
  const { promise, resolve } = Promise.withResolvers<void>()
  service.app.server.once('connection', () => {})
  const line = () => service.log.find((one) => one.includes('aborted_by_caller'))
  const poll = setInterval(() => line() && resolve(), 5)
  t.teardown(() => clearInterval(poll))
  socket.on('connect', () => setImmediate(() => socket.end()))
  await promise
  t.match(JSON.parse(line() as string), { method: 'POST', route: '/token', msg: 'request' })
})
