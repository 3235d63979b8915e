import type { LightMyRequestResponse } from 'fastify'
import { ISSUER, type TestClient, type TestService, type Tokens } from './service.ts'

/** The page of the client that keeps its refresh token in a cookie. */
export const APP = 'https://app.auth.example'

/** What a browser sends of itself with a request from the client's own page. */
export const OWN_PAGE = { origin: APP, 'sec-fetch-site': 'same-site', 'x-csrf': '1' }

/** The name of a client's cookie at an https issuer. */
export const cookieName = (client: TestClient) => `__Host-mintmark-refresh-${client.clientId}`

/** A public client with cookies, for the pages of {@link APP}. */
export function addCookieClient(service: TestService, origins = [APP]): Promise<TestClient> {
  return service.addClient({ refreshTokenIn: 'cookie', allowedOrigins: origins })
}

/** The cookie that an answer sets: its name and value, and all its attributes. */
export function cookieOf(answer: LightMyRequestResponse) {
  const [cookie, ...more] = [answer.headers['set-cookie'] ?? []].flat()
  if (cookie === undefined || more.length > 0) return undefined
  const [pair = '', ...attributes] = cookie.split('; ')
  const [name = '', value = ''] = pair.split('=')
  return { name, value, pair, attributes: attributes.sort() }
}

/** Logs a new user in from the client's page, and returns the cookie as a browser would send it. */
export async function logInWithCookie(service: TestService, client: TestClient) {
  const { username, password, sub } = await service.addUser()
  const form = { grant_type: 'password', client_id: client.clientId, username, password }
  const answer = await service.post('/token', form, OWN_PAGE)
  if (answer.statusCode !== 200) throw new Error(`log-in failed: ${answer.body}`)
  const cookie = cookieOf(answer)
  if (cookie === undefined) throw new Error('no cookie was set')
  return { answer, cookie, tokens: answer.json<Tokens>(), sub }
}

/** Calls with nothing but a cookie and what a browser says of the page. */
export function callWithCookie(
  service: TestService,
  path: '/refresh' | '/logout',
  cookie: string,
  headers: Record<string, string | undefined> = OWN_PAGE,
  form?: Record<string, string>,
): Promise<LightMyRequestResponse> {
  const given = Object.fromEntries(
    Object.entries({ cookie, host: new URL(ISSUER).host, ...headers }).filter(
      ([, value]) => value !== undefined,
    ),
  ) as Record<string, string>
  return form === undefined
    ? service.inject({ method: 'POST', url: path, headers: given })
    : service.post(path, form, given)
}
