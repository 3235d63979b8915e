import { tryLogin } from '../support/addresses.ts'
import { attack } from '../support/attacks.ts'
import { query } from '../support/database.ts'
import { createTestService, ISSUER, type TestService } from '../support/service.ts'

const PROXY = '10.0.0.1'
const CALLER = '203.0.113.7'

/** Where the last failed login is said to have come from: its event and its line in the log. */
async function recorded(service: TestService): Promise<unknown[]> {
  const [event] = await query(
    service.databaseUrl,
    `select address from events where type = 'login.failed' order by id desc limit 1`,
  )
  const line = JSON.parse(service.log.findLast((one) => one.includes('"msg":"request"')) ?? '{}')
  return [event?.address, line.address]
}

attack(161, 'X-Forwarded-For is believed from nobody by default', async (t) => {
  const service = await createTestService(t, { env: { RATE_LIMIT_LOGIN_ACCOUNT: '3/1h' } })
  const client = await service.addClient()
  const attempt = (address: string, forwarded: string) =>
    tryLogin(service, {
      client,
      username: 'alice',
      address,
      headers: { 'x-forwarded-for': forwarded },
    })
  for (const [time, status] of [400, 400, 400, 429].entries()) {
    const answer = await attempt(CALLER, `198.51.100.${time}`)
    t.equal(answer.statusCode, status, 'a new address each time is still the same caller')
  }
  t.strictSame(await recorded(service), [CALLER, CALLER])
  service.clock.advance(1)
  await attempt('127.0.0.1', '198.51.100.1')
  t.strictSame(await recorded(service), ['127.0.0.1', '127.0.0.1'], 'not even from this host')
  const told = service.log.filter((line) => line.includes('TRUSTED_PROXIES does not name'))
  t.equal(told.length, 1, 'which the operator is told once')
})

attack(161, 'X-Forwarded-For is read from the right, as far as its proxies are ours', async (t) => {
  const env = { TRUSTED_PROXIES: 'loopback,10.0.0.0/8', RATE_LIMIT_LOGIN_ADDRESS: 'off' }
  const service = await createTestService(t, { env })
  const client = await service.addClient()
  const cases: [from: string, forwarded: string, address: string, what: string][] = [
    [PROXY, CALLER, CALLER, 'a proxy of ours'],
    [PROXY, `198.51.100.1, ${CALLER}`, CALLER, 'what the caller claims stands further left'],
    [PROXY, `${CALLER}, 10.9.9.9, 127.0.0.1`, CALLER, 'three proxies of ours'],
    [PROXY, `${CALLER},10.9.9.9:443`, CALLER, 'one that writes ports'],
    [PROXY, `${CALLER}:5678`, CALLER, 'with the caller’s port'],
    [PROXY, '[2001:DB8::1]:5678', '2001:db8::1', 'the same of IPv6'],
    [PROXY, '::ffff:203.0.113.7', CALLER, 'IPv4 in the dress of IPv6'],
    ['::ffff:10.0.0.1', CALLER, CALLER, 'the proxy itself dressed so'],
    [PROXY, `${CALLER}, unknown`, PROXY, 'no address: nearer than that nobody is known'],
    [PROXY, `${CALLER}, unknown, 10.0.0.2`, '10.0.0.2', 'the same behind two proxies'],
    [PROXY, `<script>, ' or 1=1--`, PROXY, 'nonsense'],
    [PROXY, '', PROXY, 'nothing'],
    [PROXY, ', ,', PROXY, 'nothing, at length'],
    ['198.51.100.9', CALLER, '198.51.100.9', 'a stranger who claims to be a proxy'],
  ]
  for (const [address, forwarded, expected, what] of cases) {
    const headers = { 'x-forwarded-for': forwarded }
    const answer = await tryLogin(service, {
      client,
      username: `user of ${what}`,
      address,
      headers,
    })
    t.equal(answer.statusCode, 400, what)
    t.strictSame(await recorded(service), [expected, expected], what)
    service.clock.advance(1)
  }
})

attack(161, 'no header moves the issuer or any address of ours', async (t) => {
  const env = { TRUSTED_PROXIES: 'loopback', DOCS: 'on' }
  const service = await createTestService(t, { env })
  const headers = {
    host: 'evil.example',
    'x-forwarded-host': 'evil.example',
    'x-forwarded-proto': 'gopher',
    'x-forwarded-port': '666',
    forwarded: 'for=203.0.113.7;host=evil.example;proto=gopher',
  }
  for (const url of [
    '/.well-known/oauth-authorization-server',
    '/.well-known/openid-configuration',
    '/openapi.json',
    '/docs/',
    '/docs',
    '/docs/static/swagger-initializer.js',
  ]) {
    const [plain, spoofed] = [await service.inject({ url }), await service.inject({ url, headers })]
    t.equal(spoofed.body, plain.body, url)
    t.equal(spoofed.headers.location, plain.headers.location, url)
    t.notMatch(`${spoofed.body}${JSON.stringify(spoofed.headers)}`, /evil|gopher|666/, url)
  }
  const { tokens } = await service.logIn()
  const [, payload = ''] = tokens.access_token.split('.')
  t.match(JSON.parse(Buffer.from(payload, 'base64url').toString()), { iss: ISSUER })
})
