import { once } from 'node:events'
import { connect } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
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
    ['no Host', 'GET /me HTTP/1.1\r\nConnection: close\r\n\r\n', 400, 'host_invalid'],
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

t.test('a request without Host, or with two, is refused in the shape of its route', async (t) => {
  const { service, send } = await listen(t)
  for (const [request, shape] of [
    ['POST /token', 'error'],
    ['POST /refresh', 'error'],
    ['POST /logout', 'error'],
    ['POST /revoke', 'error'],
    ['POST /introspect', 'error'],
    ['POST /sessions', 'error'],
    ['GET /me', 'title'],
    ['GET /livez', 'title'],
    ['GET /nothing', 'title'],
  ] as const) {
    for (const hosts of ['', 'Host: a\r\nHost: b\r\n']) {
      const rest = 'Connection: close\r\nContent-Length: 0\r\n\r\n'
      const answer = await send(`${request} HTTP/1.1\r\n${hosts}${rest}`)
      t.match(answer, /^HTTP\/1.1 400 /, request)
      const body = JSON.parse(answer.split('\r\n\r\n')[1] ?? '')
      t.ok(shape in body, request)
      t.equal(body.reason ?? body.code, 'host_invalid', request)
    }
  }
  t.notMatch(service.log.join(), /"level":50/, 'nothing of it is our error')
})

t.test(
  'a body that breaks off or is framed wrongly is answered under the id that came',
  async (t) => {
    const { service, port, send } = await listen(t)
    const head = 'Host: x\r\nContent-Type: application/json\r\nX-Request-Id:'
    for (const [id, path, rest] of [
      ['chunk-size', '/token', 'Transfer-Encoding: chunked\r\n\r\nzz\r\n'],
      ['coding', '/refresh', 'Transfer-Encoding: gzip\r\n\r\n'],
    ]) {
      const answer = await send(`POST ${path} HTTP/1.1\r\n${head} ${id}\r\n${rest}`)
      const body = JSON.parse(answer.split('\r\n\r\n')[1] ?? '')
      t.match(body, { error: 'invalid_request', reason: 'body_malformed', request_id: id })
      t.equal(service.log.filter((line) => line.includes(`"${id}"`)).length, 1, 'one line')
    }
    const broken = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    broken.end(`POST /token HTTP/1.1\r\n${head} half\r\nContent-Length: 100\r\n\r\n{"grant`)
    let text = ''
    for await (const chunk of broken) text += chunk
    t.match(text, /"error":"invalid_request".*"reason":"body_malformed","request_id":"half"/)
    t.equal(service.log.filter((line) => line.includes('"half"')).length, 1, 'one line')
  },
)

t.test('a caller who is gone before its body is whole has a line in the log', async (t) => {
  const { service, port } = await listen(t)
  const socket = connect(port, '127.0.0.1')
  socket.write('POST /token HTTP/1.1\r\nHost: x\r\nX-Request-Id: gone\r\n')
  socket.write('Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"grant')
  await once(service.app.server, 'request')
  socket.resetAndDestroy()
  const lines = () => service.log.filter((line) => line.includes('"gone"'))
  while (lines().length === 0) await turn()
  t.match(JSON.parse(lines()[0] ?? ''), { route: '/token', reason: 'aborted_by_caller' })
})
