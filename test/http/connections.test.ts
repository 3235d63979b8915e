import dns from 'node:dns'
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import fastify from 'fastify'
import t from 'tap'
import { listen as listenAt } from '../../src/http/listen.ts'
import { listen, readAnswer, statuses } from '../support/raw.ts'
import { createTestService } from '../support/service.ts'

t.test('what is no HTTP request is refused in the shape of its path', async (t) => {
  const { service, send } = await listen(t)
  const large = 'a'.repeat(20_000)
  const twoLengths = 'Host: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'
  for (const [what, bytes, status, code, isOAuth] of [
    ['no HTTP', 'nonsense\r\n\r\n', 400, 'http_malformed'],
    ['large headers', `GET /me HTTP/1.1\r\nX: ${large}\r\n\r\n`, 431, 'headers_too_large'],
    [
      'large headers',
      `POST /token HTTP/1.1\r\nX: ${large}\r\n\r\n`,
      431,
      'headers_too_large',
      true,
    ],
    ['a large URL', `GET /me?${large} HTTP/1.1\r\nHost: x\r\n\r\n`, 414, 'uri_too_long'],
    ['a large URL', `POST /token?${large} HTTP/1.1\r\nHost: x\r\n\r\n`, 414, 'uri_too_long', true],
    ['a raw URL', 'GET /\xe9 HTTP/1.1\r\nHost: x\r\n\r\n', 400, 'url_malformed'],
    ['an unknown method', 'BREW /me HTTP/1.1\r\nHost: x\r\n\r\n', 501, 'method_unknown'],
    ['an unknown method', 'BREW /token HTTP/1.1\r\nHost: x\r\n\r\n', 501, 'method_unknown', true],
    ['a tunnel', 'CONNECT db:5432 HTTP/1.1\r\nHost: db\r\n\r\n', 405, 'method_not_allowed'],
    ['two lengths', `POST /token HTTP/1.1\r\n${twoLengths}`, 400, 'http_malformed', true],
    ['two lengths', `POST /sessions HTTP/1.1\r\n${twoLengths}`, 400, 'http_malformed', true],
    ['two lengths', `DELETE /sessions/1 HTTP/1.1\r\n${twoLengths}`, 400, 'http_malformed'],
    ['no Host', 'GET /me HTTP/1.1\r\n\r\n', 400, 'host_invalid'],
    ['a Host that is none', 'GET /me HTTP/1.1\r\nHost: a b\r\n\r\n', 400, 'host_invalid'],
    [
      'a coding that nobody knows',
      'POST /token HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
      501,
      'transfer_encoding_unsupported',
      true,
    ],
  ] as const) {
    const { status: answered, headers, body } = readAnswer(await send(bytes))
    const about = `${what}: ${bytes.slice(0, 20)}`
    t.equal(answered, status, about)
    const problem = JSON.parse(body)
    t.match(
      headers,
      {
        'content-type': `application/${isOAuth === true ? '' : 'problem+'}json`,
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'x-request-id': problem.request_id,
      },
      about,
    )
    t.match(
      problem,
      isOAuth === true ? { error: 'invalid_request', reason: code } : { status, code },
      about,
    )
    const lines = service.log.filter((line) => line.includes(problem.request_id))
    t.equal(lines.length, 1, `${about}: one line in the log`)
  }
})

t.test('good requests before bad bytes are answered, then the bad bytes are', async (t) => {
  const { send } = await listen(t)
  const good = 'GET /livez HTTP/1.1\r\nHost: x\r\n\r\n'
  for (const bad of ['nonsense\r\n\r\n', 'POST /token HTTP/1.1\r\nHost: x\r\n X: y\r\n\r\n']) {
    const answer = await send(`${good}${good}${bad}`)
    t.strictSame(statuses(answer), [200, 200, 400])
  }
  const chunked = (more: string) =>
    `POST /token HTTP/1.1\r\nHost: x\r\n${more}Transfer-Encoding: chunked\r\n\r\nzz\r\n`
  const half = await send(`${good}${chunked('Content-Type: application/json\r\n')}`)
  t.strictSame(statuses(half), [200, 400])
  t.match(half, '"reason":"body_malformed"')
  const answered = await send(`${good}${chunked('')}`)
  t.strictSame(statuses(answered), [200, 415], 'no second answer to one request')
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

t.test('every address of a name answers alike', async (t) => {
  const { lookup } = dns
  t.teardown(() => {
    dns.lookup = lookup
  })
  // As localhost is two addresses on most machines: Fastify opens a server for each.
  const both = ['127.0.0.1', '127.0.0.2'].map((address) => ({ address, family: 4 }))
  dns.lookup = ((
    host: string,
    options: dns.LookupAllOptions,
    done: (...args: unknown[]) => void,
  ) =>
    host === 'localhost' && options.all === true
      ? done(null, both)
      : lookup(host, options, done)) as typeof dns.lookup
  const { app } = await createTestService(t)
  await app.listen({ host: 'localhost', port: 0 })
  dns.lookup = lookup
  const addresses = app.addresses() as AddressInfo[]
  if (addresses.length < 2) t.comment('this machine has one loopback address alone')
  for (const { address, port } of addresses) {
    for (const [bytes, expected] of [
      ['nonsense\r\n\r\n', 400],
      ['CONNECT db:5432 HTTP/1.1\r\nHost: db\r\n\r\n', 405],
      ['GET /livez HTTP/1.1\r\nHost: x\r\nExpect: x\r\nConnection: close\r\n\r\n', 200],
    ] as const) {
      const socket = connect(port, address)
      socket.write(bytes)
      let text = ''
      for await (const chunk of socket) text += chunk
      t.strictSame(statuses(text), [expected], `${address}: ${bytes.slice(0, 10)}`)
      t.match(text, /x-request-id: /, `${address}: ${bytes.slice(0, 10)}`)
    }
  }
})

t.test('a place where nobody can listen is told by the variable that names it', async (t) => {
  const app = fastify()
  t.teardown(() => app.close())
  const variables = { host: 'ADMIN_HOST', port: 'ADMIN_PORT' }
  // TEST-NET-1 (RFC 5737): nobody's address.
  const place = { what: 'admin API', host: '192.0.2.1', port: 0, variables }
  const message = /^192\.0\.2\.1 is no address of this machine \(EADDRNOTAVAIL\): set ADMIN_HOST to/
  await t.rejects(
    listenAt(app, place, () => {}),
    { message },
  )
})
