import t from 'tap'
import { operator } from '../../src/cli/operator.ts'
import { summary } from '../support/answer.ts'
import {
  addCookieClient,
  callWithCookie,
  cookieName,
  cookieOf,
  logInWithCookie,
  OWN_PAGE,
} from '../support/cookies.ts'
import { query } from '../support/database.ts'
import { createGatedDatabase } from '../support/outage.ts'
import { createTestService } from '../support/service.ts'

const NINETY_DAYS = 90 * 86_400

t.test('a login sets the refresh token in a cookie that no script can read', async (t) => {
  const service = await createTestService(t)
  const client = await addCookieClient(service)
  const { answer, cookie } = await logInWithCookie(service, client)
  t.equal(cookie.name, cookieName(client))
  t.match(cookie.value, /^mm_rt_/)
  t.strictSame(cookie.attributes, [
    'HttpOnly',
    `Max-Age=${NINETY_DAYS}`,
    'Path=/',
    'SameSite=Strict',
    'Secure',
  ])
  const body = answer.json()
  t.notOk('refresh_token' in body, 'and never in the body')
  t.match(body, { refresh_expires_in: 14 * 86_400, session_expires_in: NINETY_DAYS })
  t.notOk(answer.body.includes(cookie.value))
})

t.test('at http://localhost the cookie has a plain name, which browsers take there', async (t) => {
  const service = await createTestService(t, { env: { ISSUER: 'http://localhost:3000' } })
  const client = await addCookieClient(service, ['http://localhost:5173'])
  const page = { origin: 'http://localhost:5173', 'x-csrf': '1' }
  const { username, password } = await service.addUser()
  const form = { grant_type: 'password', client_id: client.clientId, username, password }
  const cookie = cookieOf(await service.post('/token', form, page))
  t.equal(cookie?.name, `mintmark-refresh-${client.clientId}`)
  t.notOk(cookie?.attributes.includes('Secure'))
  const refreshed = await callWithCookie(service, '/refresh', cookie?.pair ?? '', page)
  t.equal(refreshed.statusCode, 200)
  t.equal(cookieOf(refreshed)?.name, cookie?.name)
})

t.test('a refresh needs nothing but the cookie, and sets its successor', async (t) => {
  const service = await createTestService(t)
  const client = await addCookieClient(service)
  const { cookie } = await logInWithCookie(service, client)
  service.clock.advance(100)
  const answer = await callWithCookie(service, '/refresh', cookie.pair)
  t.equal(answer.statusCode, 200)
  t.equal(answer.headers['refresh-outcome'], 'rotated')
  t.notOk('refresh_token' in answer.json())
  const next = cookieOf(answer)
  t.equal(next?.name, cookie.name)
  t.not(next?.value, cookie.value)
  t.ok(next?.attributes.includes(`Max-Age=${NINETY_DAYS - 100}`), 'to the session’s end')
  const retried = await callWithCookie(service, '/refresh', cookie.pair)
  t.equal(retried.headers['refresh-outcome'], 'retried', 'a second tab')
  t.equal(cookieOf(retried)?.value, next?.value)
})

t.test('a logout ends the session and clears the cookie as it was set', async (t) => {
  const service = await createTestService(t)
  const client = await addCookieClient(service)
  const { cookie } = await logInWithCookie(service, client)
  const answer = await callWithCookie(service, '/logout', cookie.pair)
  t.equal(answer.statusCode, 204)
  const cleared = cookieOf(answer)
  t.equal(cleared?.pair, `${cookie.name}=`)
  t.strictSame(
    cleared?.attributes.filter((one) => !one.startsWith('Expires')),
    ['HttpOnly', 'Max-Age=0', 'Path=/', 'SameSite=Strict', 'Secure'],
  )
  const refused = await callWithCookie(service, '/refresh', cookie.pair)
  t.equal(summary(refused), '400 invalid_grant session_revoked')
  const again = await callWithCookie(service, '/logout', cookie.pair)
  t.equal(again.statusCode, 204, 'twice is once')
  const none = await callWithCookie(service, '/logout', '')
  t.equal(none.statusCode, 204, 'as the browser has cleared it')
})

t.test('a logout that could not be done leaves the cookie for the next try', async (t) => {
  const database = await createGatedDatabase(t)
  const service = await createTestService(t, { databaseUrl: database.url })
  const client = await addCookieClient(service)
  const { cookie } = await logInWithCookie(service, client)
  await database.shut()
  const answer = await callWithCookie(service, '/logout', cookie.pair)
  t.equal(answer.statusCode, 503)
  t.equal(cookieOf(answer), undefined)
})

t.test('two frontends in one browser keep their sessions apart', async (t) => {
  const service = await createTestService(t)
  const other = 'https://admin.auth.example'
  const web = await addCookieClient(service)
  const admin = await addCookieClient(service, [other])
  const both = await addCookieClient(service)
  const first = await logInWithCookie(service, web)
  const { username, password } = await service.addUser()
  const form = { grant_type: 'password', client_id: admin.clientId, username, password }
  const second = cookieOf(await service.post('/token', form, { ...OWN_PAGE, origin: other }))
  const jar = `${first.cookie.pair}; theme=dark; ${second?.pair}`

  const one = await callWithCookie(service, '/refresh', jar)
  t.equal(cookieOf(one)?.name, cookieName(web), 'the page says which')
  const two = await callWithCookie(service, '/refresh', jar, { ...OWN_PAGE, origin: other })
  t.equal(cookieOf(two)?.name, cookieName(admin))
  const third = await logInWithCookie(service, both)
  const full = `${jar}; ${third.cookie.pair}`
  const unclear = await callWithCookie(service, '/refresh', full)
  t.equal(summary(unclear), '400 invalid_request cookie_ambiguous')
  const named = { client_id: both.clientId }
  const clear = await callWithCookie(service, '/refresh', full, OWN_PAGE, named)
  t.equal(cookieOf(clear)?.name, cookieName(both))
  const stranger = { ...OWN_PAGE, origin: 'https://evil.auth.example' }
  const refused = await callWithCookie(service, '/refresh', jar, stranger)
  t.equal(summary(refused), '403 invalid_request origin_not_allowed')
})

t.test('a frontend without cookies is not disturbed by another’s', async (t) => {
  const service = await createTestService(t)
  const { cookie } = await logInWithCookie(service, await addCookieClient(service))
  const { tokens, client } = await service.logIn()
  const form = { client_id: client.clientId, refresh_token: tokens.refresh_token }
  const refreshed = await callWithCookie(service, '/refresh', cookie.pair, {}, form)
  t.equal(refreshed.statusCode, 200)
  t.match(refreshed.json(), { refresh_token: /^mm_rt_/ })
  t.equal(cookieOf(refreshed), undefined)
  t.equal((await callWithCookie(service, '/logout', cookie.pair, {}, form)).statusCode, 204)
  t.equal((await callWithCookie(service, '/refresh', cookie.pair)).statusCode, 200, 'still in')
})

t.test('what is ambiguous or of another time is refused in words', async (t) => {
  const service = await createTestService(t)
  const client = await addCookieClient(service)
  const { cookie } = await logInWithCookie(service, client)
  const plain = await service.addClient()
  const token = { refresh_token: cookie.value }
  const refresh = (jar: string, form?: Record<string, string>) =>
    callWithCookie(service, '/refresh', jar, OWN_PAGE, form)
  for (const [what, answer, expected] of [
    ['in both', await refresh(cookie.pair, token), '400 invalid_request refresh_token_ambiguous'],
    [
      'in both, by name',
      await refresh(cookie.pair, { ...token, client_id: client.clientId }),
      '400 invalid_request refresh_token_ambiguous',
    ],
    [
      'twice',
      await refresh(`${cookie.pair}; ${cookie.name}=x`),
      '400 invalid_request cookie_repeated',
    ],
    [
      'in the body alone',
      await refresh('', { ...token, client_id: client.clientId }),
      '400 invalid_request cookie_required',
    ],
    [
      'the cookie of http',
      await refresh(`mintmark-refresh-${client.clientId}=${cookie.value}`),
      '400 invalid_request cookie_outdated',
    ],
    [
      'of a client that has none',
      await refresh(`${cookieName(plain)}=${cookie.value}`),
      '400 invalid_request cookie_outdated',
    ],
    [
      'of no client',
      await refresh(`__Host-mintmark-refresh-nobody=${cookie.value}`),
      '400 invalid_request cookie_outdated',
    ],
    ['no token', await refresh(`${cookie.name}=x`), '400 invalid_grant refresh_unknown'],
    ['an empty one', await refresh(`${cookie.name}=`), '400 invalid_grant refresh_unknown'],
    [
      'too many',
      await refresh(Array.from({ length: 11 }, (_, n) => `${cookie.name}${n}=x`).join('; ')),
      '400 invalid_request cookie_ambiguous',
    ],
    ['none at all', await refresh(''), '400 invalid_request cookie_missing'],
  ] as const) {
    t.equal(summary(answer), expected, what)
    const isDead = what.startsWith('of ')
    t.equal(cookieOf(answer)?.pair.endsWith('='), isDead || undefined, `${what}: cleared if dead`)
  }
  t.equal((await refresh(cookie.pair)).headers['refresh-outcome'], 'rotated', 'nothing was used up')
})

t.test('an answer that was overtaken does not put an old token into the cookie', async (t) => {
  const service = await createTestService(t)
  const client = await addCookieClient(service)
  const { cookie } = await logInWithCookie(service, client)
  const refresh = async (pair: string) => {
    const answer = await callWithCookie(service, '/refresh', pair)
    return { outcome: answer.headers['refresh-outcome'], pair: cookieOf(answer)?.pair ?? '' }
  }
  // One tab's answer is held up on its way; the other loads its page again and again.
  const late = await refresh(cookie.pair)
  let jar = cookie.pair
  for (const seconds of [0, 1, 10, 18]) {
    service.clock.advance(seconds)
    const answer = await refresh(jar)
    t.equal(answer.outcome, 'retried')
    jar = answer.pair
  }
  t.equal(jar, late.pair, 'whichever answer comes last, the cookie is the same')
  service.clock.advance(600)
  const next = await refresh(late.pair)
  t.equal(next.outcome, 'rotated', 'and it is good for the next refresh')
  t.not(next.pair, late.pair)
})

t.test('what else a page sends along does not keep its cookie from being used', async (t) => {
  const service = await createTestService(t)
  const client = await addCookieClient(service)
  const { cookie, tokens } = await logInWithCookie(service, client)
  for (const authorization of [`Bearer ${tokens.access_token}`, 'Bearer x', 'Basic eDp5']) {
    const page = { ...OWN_PAGE, authorization }
    t.equal((await callWithCookie(service, '/refresh', cookie.pair, page)).statusCode, 200)
  }
  const json = { ...OWN_PAGE, 'content-type': 'application/json' }
  t.equal((await callWithCookie(service, '/refresh', cookie.pair, json)).statusCode, 200)
  const named = { client_id: client.clientId.toUpperCase() }
  const wrong = await callWithCookie(service, '/logout', cookie.pair, OWN_PAGE, named)
  t.equal(wrong.statusCode, 400, 'a name that no client has is no logout')
  const other = { client_id: (await addCookieClient(service)).clientId }
  const none = await callWithCookie(service, '/logout', cookie.pair, OWN_PAGE, other)
  t.equal(none.statusCode, 204, 'of that client there is nothing to end')
  t.equal((await callWithCookie(service, '/refresh', cookie.pair)).statusCode, 200)
  const page = { ...OWN_PAGE, authorization: 'Bearer x' }
  t.equal((await callWithCookie(service, '/logout', cookie.pair, page)).statusCode, 204)
  const refused = await callWithCookie(service, '/refresh', cookie.pair)
  t.equal(summary(refused), '400 invalid_grant session_revoked', 'it was a logout')
})

t.test('a client that leaves cookies can be used with tokens at once', async (t) => {
  const service = await createTestService(t)
  const client = await addCookieClient(service)
  const { cookie } = await logInWithCookie(service, client)
  await service.parts.changeClient(client.clientId, { refreshTokenIn: 'body' }, operator)
  const { tokens } = await service.logIn(client)
  const form = { client_id: client.clientId, refresh_token: tokens.refresh_token }
  const answer = await callWithCookie(service, '/refresh', cookie.pair, {}, form)
  t.equal(answer.statusCode, 200)
  t.match(answer.json(), { refresh_token: /^mm_rt_/ })
  t.equal(cookieOf(answer)?.pair, `${cookie.name}=`, 'the old cookie goes')
})

t.test('an end that fails in the middle leaves the cookie for the next try', async (t) => {
  const service = await createTestService(t)
  const client = await addCookieClient(service)
  const { cookie } = await logInWithCookie(service, client)
  await query(service.databaseUrl, 'alter table events rename to events_gone')
  const answer = await callWithCookie(service, '/logout', cookie.pair)
  t.equal(answer.statusCode, 503)
  t.equal(cookieOf(answer), undefined)
})

t.test('when a client leaves cookies, what they held is said to be old', async (t) => {
  const service = await createTestService(t)
  const client = await addCookieClient(service)
  const { cookie } = await logInWithCookie(service, client)
  await service.parts.changeClient(client.clientId, { refreshTokenIn: 'body' }, operator)
  const answer = await callWithCookie(service, '/refresh', cookie.pair)
  t.equal(summary(answer), '400 invalid_request cookie_outdated')
})

t.test('a backend cannot start a session whose token only the browser may hold', async (t) => {
  const service = await createTestService(t)
  const client = await addCookieClient(service)
  const backend = await service.addBackend()
  const answer = await service.inject({
    method: 'POST',
    url: '/sessions',
    headers: backend.basic,
    payload: { sub: 'user-1', client_id: client.clientId },
  })
  t.equal(summary(answer), '400 invalid_request parameter_invalid')
})
