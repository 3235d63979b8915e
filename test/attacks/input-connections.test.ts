import { attack } from '../support/attacks.ts'
import { listen, readAnswer, statuses } from '../support/raw.ts'
import { ISSUER } from '../support/service.ts'
import { unchanged } from '../support/state.ts'

const LOGOUT = 'POST /logout HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n'

attack(150, 'headers over 16 KiB are 431, a URL over 8 KiB is 414', async (t) => {
  const { send } = await listen(t)
  const large = 'a'.repeat(20_000)
  const long = 'a'.repeat(9_000)
  for (const [bytes, status, code] of [
    [`GET /me HTTP/1.1\r\nHost: x\r\nX: ${large}\r\n\r\n`, 431, 'headers_too_large'],
    [`POST /token HTTP/1.1\r\nHost: x\r\nCookie: ${large}\r\n\r\n`, 431, 'headers_too_large'],
    [`GET /me?${long} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`, 414, 'uri_too_long'],
    [`GET /${long} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`, 414, 'uri_too_long'],
    [`POST /token?${long} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`, 414, 'uri_too_long'],
    [`GET /${large} HTTP/1.1\r\nHost: x\r\n\r\n`, 414, 'uri_too_long'],
  ] as const) {
    const answer = readAnswer(await send(bytes))
    const about = bytes.slice(0, 20)
    t.equal(answer.status, status, about)
    const body = JSON.parse(answer.body)
    t.equal(body.reason ?? body.code, code, about)
    t.equal('error' in body, bytes.startsWith('POST /token'), `${about}: its path's shape`)
  }
})

attack(151, 'a request framed in two ways is refused, and the connection closed', async (t) => {
  const { service, send } = await listen(t)
  const { tokens } = await service.logIn()
  const form = `refresh_token=${tokens.refresh_token}`
  const length = `Content-Length: ${form.length}\r\n`
  const chunked = 'Transfer-Encoding: chunked\r\n'
  const chunks = `${form.length.toString(16)}\r\n${form}\r\n0\r\n\r\n`
  for (const [what, bytes] of Object.entries({
    'a length and chunks': `${LOGOUT}Host: x\r\n${length}${chunked}\r\n${chunks}`,
    'chunks and a length': `${LOGOUT}Host: x\r\n${chunked}${length}\r\n${chunks}`,
    'two lengths': `${LOGOUT}Host: x\r\n${length}Content-Length: 5\r\n\r\n${form}`,
    'a length twice': `${LOGOUT}Host: x\r\n${length}${length}\r\n${form}`,
    'a list of lengths': `${LOGOUT}Host: x\r\nContent-Length: 5, 5\r\n\r\n${form}`,
    'a length with a sign': `${LOGOUT}Host: x\r\nContent-Length: +${form.length}\r\n\r\n${form}`,
    'chunks, then something else': `${LOGOUT}Host: x\r\nTransfer-Encoding: chunked, x\r\n\r\n${chunks}`,
    'another coding': `${LOGOUT}Host: x\r\nTransfer-Encoding: xchunked\r\n\r\n${chunks}`,
    'a chunk of no size': `${LOGOUT}Host: x\r\n${chunked}\r\nzz\r\n${form}\r\n0\r\n\r\n`,
    'bare line feeds': `${LOGOUT}Host: x\n${length}\n${form}`.replaceAll('\r\n', '\n'),
    'one bare line feed': `${LOGOUT}Host: x\n${length}\r\n${form}`,
    'a folded header': `${LOGOUT}Host: x\r\nX: a\r\n b\r\n${length}\r\n${form}`,
    'a space before the colon': `${LOGOUT}Host : x\r\n${length}\r\n${form}`,
    'a NUL in a header': `${LOGOUT}Host: x\r\nX: a\0b\r\n${length}\r\n${form}`,
    'no Host': `${LOGOUT}${length}\r\n${form}`,
    'two Hosts': `${LOGOUT}Host: x\r\nHost: y\r\n${length}\r\n${form}`,
    'a URL that is none': `${LOGOUT.replace('/logout', '/logout?%zz')}Host: x\r\n${length}Connection: close\r\n\r\n${form}`,
    'a space in the URL': `${LOGOUT.replace('/logout', '/logout x')}Host: x\r\n${length}\r\n${form}`,
    'raw bytes in the URL': `${LOGOUT.replace('/logout', '/logout?\xff')}Host: x\r\n${length}\r\n${form}`,
    'another version': `${LOGOUT.replace('1.1', '2.0')}Host: x\r\n${length}\r\n${form}`,
  })) {
    const text = await unchanged(t, service, what, () => send(bytes))
    t.strictSame(statuses(text), [400], what)
    const body = JSON.parse(readAnswer(text).body)
    t.match(body, { request_id: /./ }, what)
    t.ok(body.reason ?? body.code, what)
  }
  const proper = await send(`${LOGOUT}Host: x\r\n${length}Connection: close\r\n\r\n${form}`)
  t.strictSame(statuses(proper), [204], 'one that is well-formed ends the session')
})

attack(161, 'the name under which we are asked changes nothing that we say', async (t) => {
  const { service, send } = await listen(t)
  const { tokens } = await service.logIn()
  for (const path of [
    '/',
    '/openapi.json',
    '/.well-known/jwks.json',
    '/.well-known/oauth-authorization-server',
    '/.well-known/openid-configuration',
  ]) {
    const expected = (await service.inject({ url: path, headers: { host: 'x' } })).body
    for (const headers of [
      'Host: evil.example\r\n',
      'Host: evil.example:1\r\nX-Forwarded-Host: evil.example\r\n',
      'Host: a\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Prefix: /evil\r\n',
      'Host: a\r\nForwarded: host=evil.example;proto=http\r\n',
    ]) {
      const answer = readAnswer(
        await send(`GET ${path} HTTP/1.1\r\n${headers}Connection: close\r\n\r\n`),
      )
      t.equal(answer.status, 200, path)
      t.equal(answer.body, expected, `${path}: ${headers}`)
    }
    const absolute = `GET http://evil.example${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`
    t.equal(readAnswer(await send(absolute)).body, expected, `${path}: in absolute form`)
  }
  const me = await service.inject({
    url: '/me',
    headers: { host: 'evil.example', authorization: `Bearer ${tokens.access_token}` },
  })
  t.equal(me.statusCode, 200, 'nor who a token is for')
  t.match(Buffer.from(tokens.access_token.split('.')[1] ?? '', 'base64').toString(), ISSUER)
})

attack(162, 'requests of old, odd and many kinds are answered, and none hangs', async (t) => {
  const { send } = await listen(t)
  const close = 'Host: x\r\nConnection: close\r\n'
  const body = 'Content-Length: 9\r\n\r\n{"a":"b"}'
  const upgrade =
    'Host: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n'
  for (const [what, bytes, expected] of [
    ['GET with a body', `GET /livez HTTP/1.1\r\n${close}${body}`, [200]],
    ['HEAD with a body', `HEAD /livez HTTP/1.1\r\n${close}${body}`, [200]],
    ['HTTP/0.9', 'GET /livez\r\n\r\n', [400]],
    ['HTTP/1.0', 'GET /livez HTTP/1.0\r\n\r\n', [200]],
    ['HTTP/2 by prior knowledge', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', [400]],
    ['h2c', `GET /livez HTTP/1.1\r\n${upgrade}\r\n`, [200]],
    ['h2c with a body', `POST /logout HTTP/1.1\r\n${upgrade}${body}`, [415]],
    [
      'WebSocket',
      `GET /livez HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
      [200],
    ],
    ['an unknown expectation', `GET /livez HTTP/1.1\r\n${close}Expect: 200-ok\r\n\r\n`, [200]],
    ['CONNECT', 'CONNECT db:5432 HTTP/1.1\r\nHost: db:5432\r\n\r\n', [405]],
    ['TRACE', `TRACE /token HTTP/1.1\r\n${close}\r\n`, [405]],
    ['an unknown method', `BREW /token HTTP/1.1\r\n${close}\r\n`, [501]],
    ['empty lines first', `\r\n\r\nGET /livez HTTP/1.1\r\n${close}\r\n`, [200]],
  ] as const) {
    t.strictSame(statuses(await send(bytes)), expected, what)
  }
  const options = await send(`OPTIONS * HTTP/1.1\r\n${close}\r\n`)
  t.equal(statuses(options).length, 1, 'OPTIONS of everything')
  const many = 'GET /livez HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(999)
  const answers = statuses(await send(`${many}GET /livez HTTP/1.1\r\n${close}\r\n`))
  t.strictSame(
    answers,
    Array.from({ length: 1000 }, () => 200),
    '1,000 requests at once',
  )
})
