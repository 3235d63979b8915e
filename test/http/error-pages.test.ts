import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { explainReason } from '../../src/cli/explain-reason.ts'
import { createProgram } from '../../src/cli/program.ts'
import { answerOf, explain, TOPICS } from '../../src/explanations/all.ts'
import type { Explanation } from '../../src/explanations/explanation.ts'
import { createApp } from '../../src/http/app.ts'
import { PROBLEM_EXAMPLES } from '../../src/http/wire/error-examples.ts'
import { reasons } from '../../src/oauth/reasons.ts'
import { createGatedDatabase } from '../support/outage.ts'
import { listen, readAnswer } from '../support/raw.ts'
import { createTestService, ISSUER, type TestService } from '../support/service.ts'

/** As the index lists them. */
const CODES = TOPICS.flatMap(({ explanations }) => Object.keys(explanations))

const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'

const get = (service: Pick<TestService, 'inject'>, url: string, headers = {}) =>
  service.inject({ method: 'GET', url, headers })

t.test('every reason and code has one page, and every page is of one of them', async (t) => {
  t.equal(new Set(CODES).size, CODES.length, 'each stands once in the index')
  t.strictSame(
    [...Object.keys(reasons), ...Object.keys(PROBLEM_EXAMPLES)].filter(
      (code) => !CODES.includes(code) || explain(code) === undefined,
    ),
    [],
    'no reason is without one, and no problem',
  )
  const folder = new URL('../../src/http/', import.meta.url)
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('error-examples.ts'))
    .map((name) => readFileSync(new URL(name, folder), 'utf8'))
    .join('\n')
  const ofProblems = CODES.filter((code) => !(code in reasons))
  t.strictSame(
    ofProblems.filter((code) => !sources.includes(`'${code}'`)),
    [],
    'every code is answered somewhere',
  )
  t.strictSame(
    ofProblems.filter((code) => answerOf(code).status === undefined),
    [],
    'and has a status',
  )
  for (const [code, [status]] of Object.entries(PROBLEM_EXAMPLES)) {
    t.equal(answerOf(code).status, status, code)
  }
})

t.test('a page tells a cause, how to confirm it and what to do, and leads to others', async (t) => {
  const isSentence = (text: string) =>
    /^[A-Z`].*[.?]$/s.test(text) && text.split('`').length % 2 === 1
  const wanting = CODES.filter((code) => {
    const { title, cause, confirm, remedy, related = [] } = explain(code) as Explanation
    const remedies = Object.values(remedy)
    return (
      /`|\.$/.test(title) ||
      confirm.length === 0 ||
      remedies.length === 0 ||
      ![cause, ...confirm, ...remedies].every(isSentence) ||
      related.some((other) => other === code || explain(other) === undefined)
    )
  })
  t.strictSame(wanting, [])
})

t.test('pages are HTML for browsers, which need nothing else to show them', async (t) => {
  const service = await createTestService(t)
  const texts = new Map<string, string>()
  const faults: string[] = []
  for (const url of ['/errors', ...CODES.map((code) => `/errors/${code}`)]) {
    const { statusCode, headers, body } = await get(service, url, { accept: BROWSER })
    const isPage = statusCode === 200 && headers['content-type'] === 'text/html; charset=utf-8'
    const [, style = ''] = /<style>(.*)<\/style>/s.exec(body) ?? []
    const hash = createHash('sha256').update(style).digest('base64')
    const policy = headers['content-security-policy'] as string
    const fetches = /<script|<link|<img|<iframe|@import|url\(|\son\w+=|\sstyle=/i.test(body)
    if (!isPage || fetches || !policy.includes(`style-src 'sha256-${hash}'`)) faults.push(url)
    texts.set(url, body)
  }
  t.strictSame(faults, [])
  const pages = [...texts.keys()].map((url) => `/below${url}`)
  const links = (url: string) =>
    [...(texts.get(url) as string).matchAll(/href="([^"]+)"/g)]
      .map(([, href]) => new URL(href as string, `${ISSUER}/below${url}`))
      .filter(({ origin }) => origin === ISSUER)
      .map(({ pathname }) => pathname)
  t.strictSame(
    [...texts.keys()].flatMap(links).filter((link) => !pages.includes(link)),
    [],
    'their links hold, whatever path a proxy puts them under',
  )
  t.strictSame(
    links('/errors').sort(),
    pages.filter((page) => page !== '/below/errors').sort(),
    'the index leads to all',
  )
  t.match(texts.get('/errors/refresh_reused'), '<h1>A used refresh token was used again')
  t.match(texts.get('/errors/session_revoked'), /prefers-color-scheme: dark/)
  t.match(texts.get('/errors/session_revoked'), /name="viewport"/)
  t.match(texts.get('/errors/login_failed'), '&lt;username&gt;', 'and what they say is escaped')
})

t.test('to whom HTML means nothing they are text, the same as on the command line', async (t) => {
  const service = await createTestService(t)
  const told = await explainReason('refresh_stale')
  for (const accept of [undefined, '*/*', 'text/plain', 'application/json', ';;', 'image/png']) {
    const headers = accept === undefined ? {} : { accept }
    const answer = await get(service, '/errors/refresh_stale', headers)
    t.equal(answer.headers['content-type'], 'text/plain; charset=utf-8', String(accept))
    t.equal(answer.body, told.text)
  }
  t.match(told.text, /^refresh_stale: A newer .*\nHTTP 400; .*"invalid_grant"\n/)
  t.match(told.json, {
    code: 'refresh_stale',
    error: 'invalid_grant',
    status: 400,
    remedy: { app: /./ },
  })
  const widest = Math.max(...told.text.split('\n').map((line) => line.length))
  t.ok(widest > 60 && widest <= 100, `${widest} columns`)
  const index = await get(service, '/errors')
  t.equal(index.body, (await explainReason(undefined)).text)
  t.strictSame(
    CODES.filter((code) => !index.body.includes(`  ${code}: `)),
    [],
  )
  await t.rejects(explainReason('nope'), { code: 'reason_unknown', exitCode: 1 })
  const [explainCommand] = createProgram(false).commands.filter((one) => one.name() === 'explain')
  t.ok(explainCommand?.commands.some((one) => one.name() === 'reason'))
})

t.test('a page may be kept, for each kind of reader apart', async (t) => {
  const service = await createTestService(t)
  const url = '/errors/internal'
  const page = await get(service, url, { accept: BROWSER, origin: 'https://any.example' })
  const text = await get(service, url)
  t.not(page.headers.etag, text.headers.etag)
  for (const { headers } of [page, text]) {
    t.match(headers['cache-control'], /max-age=\d+/)
    t.match(headers.vary, /\bAccept\b/)
  }
  t.equal(page.headers['access-control-allow-origin'], '*')
  const asked = { accept: BROWSER, 'if-none-match': page.headers.etag }
  const again = await get(service, url, asked)
  t.equal(again.statusCode, 304)
  t.equal(again.body, '')
  t.equal(again.headers.etag, page.headers.etag)
  t.equal((await get(service, url, { 'if-none-match': page.headers.etag })).statusCode, 200)
  const head = await service.inject({ method: 'HEAD', url })
  t.equal(head.statusCode, 200)
  t.equal(head.body, '')
})

t.test('what is no error is a problem that leads to the index', async (t) => {
  const service = await createTestService(t)
  for (const name of [
    'nope',
    'constructor',
    '__proto__',
    'Refresh_Reused',
    '%3Cscript%3E',
    'a%2Fb',
  ]) {
    const answer = await get(service, `/errors/${name}`, { accept: BROWSER })
    t.equal(answer.statusCode, 404, name)
    t.match(answer.json(), { code: 'reason_unknown', hint: '/errors' }, name)
  }
})

t.test('pages are there without a database, and before the keys are', async (t) => {
  const gate = await createGatedDatabase(t)
  const service = await createTestService(t, { databaseUrl: gate.url })
  const keyRing = { ...service.parts.keyRing, loaded: false, jwks: () => undefined }
  const starting = await createApp({ ...service.parts, keyRing, version: '0.0.0' })
  t.teardown(() => starting.close())
  await gate.shut()
  const jwks = await starting.inject('/.well-known/jwks.json')
  t.equal(jwks.json().code, 'not_ready', 'it has no keys')
  for (const url of ['/errors', '/errors/database_unavailable']) {
    t.equal((await starting.inject(url)).statusCode, 200, url)
    t.equal((await get(service, url)).statusCode, 200, url)
  }
})

t.test('with ERROR_DETAIL=minimal only the log says why', async (t) => {
  const { service, send } = await listen(t, { env: { ERROR_DETAIL: 'minimal', DOCS: 'on' } })
  const { tokens, client } = await service.logIn()
  const refused = await service.refresh(client, 'mm_rt_no')
  t.strictSame(Object.keys(refused.json()).sort(), ['error', 'request_id'])
  t.equal(refused.json().error, 'invalid_grant')
  const bearer = { authorization: 'Bearer x' }
  const answers = [
    refused,
    await service.post('/token', {}),
    await service.inject({ method: 'PUT', url: '/token' }),
    await get(service, '/me', bearer),
    await get(service, '/me'),
    await get(service, '/sessions/x'),
    await get(service, '/oauth/token'),
    await get(service, '/errors/nope'),
    await get(service, '/docs/static/none.css'),
    await get(service, '/%zz'),
    await get(service, '/', { accept: 'image/png' }),
    await service.inject({
      method: 'OPTIONS',
      url: '/token',
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
    }),
  ]
  for (const answer of answers) {
    const { request_id, ...told } = answer.json()
    t.ok(answer.statusCode >= 400)
    t.ok('error' in told || told.type === 'about:blank', 'the shape stays')
    const said = JSON.stringify([told, answer.headers])
    t.notMatch(said, /description|reason|error_uri|detail|hint/)
    const line = service.log.find((one) => one.includes(request_id))
    t.ok(CODES.includes(JSON.parse(line ?? '{}').reason))
  }
  const challenged = await get(service, '/me', bearer)
  t.equal(challenged.headers['www-authenticate'], 'Bearer realm="mintmark", error="invalid_token"')
  for (const bytes of [
    'nonsense\r\n\r\n',
    'GET /me HTTP/1.1\r\n\r\n',
    'BREW /token HTTP/1.1\r\nHost: x\r\n\r\n',
    `GET /me HTTP/1.1\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`,
  ]) {
    const { status, body } = readAnswer(await send(bytes))
    t.ok(status >= 400)
    t.notMatch(body, /description|reason|error_uri|detail|hint|code/, bytes.slice(0, 20))
  }
  const refreshed = await service.refresh(client, tokens.refresh_token)
  t.equal(refreshed.headers['refresh-outcome'], 'rotated', 'what is no error says as much as ever')
})
