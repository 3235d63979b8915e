import type { Test } from 'tap'
import { summary } from '../support/answer.ts'
import { attack } from '../support/attacks.ts'
import {
  APP,
  addCookieClient,
  callWithCookie,
  cookieOf,
  logInWithCookie,
  OWN_PAGE,
} from '../support/cookies.ts'
import { query } from '../support/database.ts'
import { createTestService, ISSUER, type TestService } from '../support/service.ts'

/** A user who is logged in by a cookie, and a way to see that nothing happened to the session. */
async function logIn(t: Test) {
  const service = await createTestService(t)
  const client = await addCookieClient(service)
  const { cookie } = await logInWithCookie(service, client)
  const state = async () => [
    await query(service.databaseUrl, 'select * from sessions'),
    await query(service.databaseUrl, 'select count(*) from events'),
  ]
  const before = await state()
  /** Sends the cookie as such a page would, to both routes; the answer must be 403 and change nothing. */
  const refuses = async (what: string, headers: Record<string, string | undefined>) => {
    for (const path of ['/refresh', '/logout'] as const) {
      const answer = await callWithCookie(service, path, cookie.pair, headers)
      t.equal(answer.statusCode, 403, `${path}: ${what}`)
      t.match(answer.json(), { error: 'invalid_request', reason: /./ }, what)
      t.equal(cookieOf(answer), undefined, `${path}: ${what}: no cookie is set`)
      t.equal(answer.headers['access-control-allow-origin'] ?? APP, APP)
    }
    t.strictSame(await state(), before, `${what}: nothing changed`)
  }
  return { service, client, cookie, refuses, state, before }
}

attack(116, 'a cross-site request with the cookie is refused', async (t) => {
  const { refuses } = await logIn(t)
  for (const site of ['cross-site', 'none', 'Same-Origin', 'same-origin, same-origin', '']) {
    await refuses(`Sec-Fetch-Site: ${site}`, { ...OWN_PAGE, 'sec-fetch-site': site })
    await refuses(`the same without an origin: ${site}`, { 'x-csrf': '1', 'sec-fetch-site': site })
  }
})

attack(117, 'a page of any other origin is refused', async (t) => {
  const { refuses } = await logIn(t)
  for (const origin of [
    'https://evil.example',
    'null',
    `${APP}.evil`,
    `${APP}/`,
    APP.replace('https', 'http'),
    `${APP}:8443`,
    'https://other.auth.example',
    APP.toUpperCase(),
    `${APP}, https://evil.example`,
    `https://evil.example, ${APP}`,
    'https://evil@app.auth.example',
    '',
  ]) {
    await refuses(origin, { origin, 'x-csrf': '1' })
    await refuses(`${origin} as same-origin`, {
      ...OWN_PAGE,
      origin,
      'sec-fetch-site': 'same-origin',
    })
  }
})

attack(117, 'a page of the service’s own host but of another scheme is refused', async (t) => {
  const { refuses } = await logIn(t)
  const origin = ISSUER.replace('https', 'http')
  await refuses('an http page', { origin, 'x-csrf': '1', 'sec-fetch-site': 'same-site' })
})

attack(118, 'same-site is not same-origin, and nothing said is nothing allowed', async (t) => {
  const { refuses } = await logIn(t)
  await refuses('same-site', { 'x-csrf': '1', 'sec-fetch-site': 'same-site' })
  await refuses('a sibling', { ...OWN_PAGE, origin: 'https://shop.auth.example' })
  await refuses('no Origin, no Sec-Fetch-Site', { 'x-csrf': '1' })
  await refuses('a Referer is no Origin', { 'x-csrf': '1', referer: `${APP}/page` })
})

attack(119, 'a simple cross-site form cannot use the cookie', async (t) => {
  const { service, cookie, refuses, state, before } = await logIn(t)
  for (const csrf of [undefined, '', '0', '1, 1', 'true']) {
    await refuses(`X-CSRF: ${csrf}`, { ...OWN_PAGE, 'x-csrf': csrf })
  }
  const types = [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
  ]
  for (const type of types) {
    const headers = { cookie: cookie.pair, origin: 'https://evil.example', 'content-type': type }
    for (const url of ['/refresh', '/logout']) {
      const answer = await service.inject({ method: 'POST', url, headers, payload: 'a=b' })
      t.ok([403, 415].includes(answer.statusCode), `${url} as ${type}: ${answer.statusCode}`)
    }
  }
  t.strictSame(await state(), before)
})

attack(120, 'only POST refreshes and logs out, whatever a header or a field says', async (t) => {
  const { service, cookie, state, before } = await logIn(t)
  for (const url of ['/refresh', '/logout', '/refresh?_method=POST']) {
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE'] as const) {
      const headers = { ...OWN_PAGE, cookie: cookie.pair, 'x-http-method-override': 'POST' }
      const answer = await service.inject({ method, url, headers })
      t.equal(answer.statusCode, 405, `${method} ${url}`)
      t.equal(answer.headers.allow, 'POST')
    }
  }
  t.strictSame(await state(), before)
})

attack(
  121,
  'a foreign page can log nobody in, and no cookie is fixed before a login',
  async (t) => {
    const service = await createTestService(t)
    const client = await addCookieClient(service)
    const { username, password } = await service.addUser()
    const form = { grant_type: 'password', client_id: client.clientId, username, password }
    for (const headers of [
      {},
      { 'x-csrf': '1' },
      { origin: 'https://evil.example', 'x-csrf': '1' },
      { origin: APP },
      { ...OWN_PAGE, 'sec-fetch-site': 'cross-site' },
    ]) {
      const answer = await service.post('/token', form, headers)
      t.equal(answer.statusCode, 403, JSON.stringify(headers))
      t.equal(cookieOf(answer), undefined)
    }
    t.equal((await query(service.databaseUrl, 'select from sessions')).length, 0)
    const attackers = await logInWithCookie(service, client)
    const headers = { ...OWN_PAGE, cookie: attackers.cookie.pair }
    const answer = await service.post('/token', form, headers)
    t.equal(answer.statusCode, 200)
    const set = cookieOf(answer)
    t.equal(set?.name, attackers.cookie.name)
    t.not(set?.value, attackers.cookie.value, 'it is replaced')
    t.not(
      claim(answer.json().access_token),
      claim(attackers.tokens.access_token),
      'a session of its own',
    )
  },
)

const claim = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).sid

attack(122, 'the cookie is as strict as a cookie can be', async (t) => {
  const { service, cookie } = await logIn(t)
  const refreshed = cookieOf(await callWithCookie(service, '/refresh', cookie.pair))
  for (const one of [cookie, refreshed]) {
    t.match(one?.name, /^__Host-/)
    const [httpOnly, maxAge, path, sameSite, secure, ...more] = one?.attributes ?? []
    t.strictSame(
      [httpOnly, path, sameSite, secure],
      ['HttpOnly', 'Path=/', 'SameSite=Strict', 'Secure'],
    )
    t.strictSame(more, [], 'no Domain')
    t.ok(Number(maxAge?.slice('Max-Age='.length)) <= 90 * 86_400)
    t.ok(`${one?.pair}; ${one?.attributes.join('; ')}`.length <= 4096)
  }
})

attack(124, 'the refresh token of a client with cookies is in no body', async (t) => {
  const { service, client, cookie } = await logIn(t)
  const refreshed = await callWithCookie(service, '/refresh', cookie.pair)
  t.notMatch(refreshed.body, /mm_rt_/)
  t.equal(refreshed.headers['cache-control'], 'no-store')
  for (const form of [
    { refresh_token: cookie.value },
    { refresh_token: cookie.value, client_id: client.clientId },
  ]) {
    const both = await callWithCookie(service, '/refresh', cookie.pair, OWN_PAGE, form)
    t.equal(summary(both), '400 invalid_request refresh_token_ambiguous')
  }
  const stolen = { client_id: client.clientId, refresh_token: cookie.value }
  for (const path of ['/refresh', '/token']) {
    const form = { grant_type: 'refresh_token', ...stolen }
    t.equal(
      summary(await service.post(path, form, OWN_PAGE)),
      '400 invalid_request cookie_required',
    )
    t.equal((await service.post(path, form)).statusCode, 403, `${path} from elsewhere`)
  }
})

attack(125, 'a preflight tells a foreign page nothing', async (t) => {
  const { service } = await logIn(t)
  for (const url of ['/token', '/refresh', '/logout', '/me', '/sessions']) {
    const answer = await preflight(service, url, 'https://evil.example')
    t.equal(answer.headers['access-control-allow-origin'], undefined, url)
    t.equal(answer.headers['access-control-allow-credentials'], undefined, url)
    t.match(answer.headers.vary, /\bOrigin\b/, url)
    const own = await preflight(service, url, APP)
    t.equal(own.headers['access-control-allow-origin'], APP, `${url}: the origin and never a star`)
  }
})

attack(126, 'pages share what is for pages, and nothing that is for servers', async (t) => {
  const { service } = await logIn(t)
  const shared = async (url: string) =>
    (await preflight(service, url, APP)).headers['access-control-allow-origin']
  t.equal(await shared('/token'), APP)
  t.equal(await shared('/introspect'), undefined)
  t.equal(await shared('/.well-known/jwks.json'), '*')
  t.equal(await shared('/.well-known/oauth-authorization-server'), '*')
})

attack(127, 'a logout is done once, by whatever name it is called twice', async (t) => {
  const { service, cookie } = await logIn(t)
  const answers = [1, 2].map(() => callWithCookie(service, '/logout', cookie.pair))
  for (const answer of await Promise.all(answers)) {
    t.equal(answer.statusCode, 204)
    const [, ...attributes] = String(answer.headers['set-cookie']).split('; ')
    for (const one of ['Path=/', 'Secure', 'HttpOnly', 'SameSite=Strict']) {
      t.ok(attributes.includes(one), one)
    }
  }
  const refused = await callWithCookie(service, '/refresh', cookie.pair)
  t.equal(summary(refused), '400 invalid_grant session_revoked')
  const ended = "select from events where type = 'session.ended'"
  t.equal((await query(service.databaseUrl, ended)).length, 1)
})

function preflight(service: TestService, url: string, origin: string) {
  const method = url.startsWith('/.well-known') || /me|sessions/.test(url) ? 'GET' : 'POST'
  const headers = { origin, 'access-control-request-method': method, host: new URL(ISSUER).host }
  return service.inject({ method: 'OPTIONS', url, headers })
}
