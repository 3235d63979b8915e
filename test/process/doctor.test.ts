import t from 'tap'
import { createTestIssuer } from '../../src/verifier/testing.ts'
import { commandLine } from '../support/cli.ts'
import { createTestDatabase, query } from '../support/database.ts'
import { production } from '../support/process.ts'
import { createTestService } from '../support/service.ts'

interface Report {
  good: boolean
  diagnoses: { topic: string; verdict: string; detail: string; remedy?: string }[]
}

/** What the doctor says, by topic: `good`, or verdict, detail and remedy. */
async function ask(env: Record<string, string>, args: string[] = []) {
  const ran = await commandLine(env)(['doctor', '--json', ...args])
  const report = ran.json<Report>()
  t.equal(ran.code, report.good ? 0 : 1, ran.stderr)
  const said = report.diagnoses.map(
    ({ topic, verdict, detail, remedy }) =>
      `${topic}: ${verdict}${verdict === 'good' ? '' : `: ${detail} > ${remedy}`}`,
  )
  return { ...report, said: said.join('\n') }
}

t.test('a deployment that is well', async (t) => {
  const service = await createTestService(t)
  const env = production(service.databaseUrl)
  const { good, said, diagnoses } = await ask(env)
  t.ok(good)
  t.match(said, /^configuration: good\ndatabase: good\nmigrations: good\nclock: (good|warning.*)\n/)
  t.match(said, /keys: good\ncookies: good$/)
  t.match(diagnoses[1]?.detail, /^PostgreSQL \d+\.\d+, takes writes$/)
  const { stdout, code } = await commandLine(env)(['doctor'])
  t.equal(code, 0)
  t.match(stdout, /^✓ database: PostgreSQL/m)
})

t.test(
  'every fault is named with its remedy, and those that can be found are all told',
  async (t) => {
    const empty = await createTestDatabase(t, 'empty')
    const wrong = await ask({ ...production(empty), PORT: 'x', ISSUER: 'http://auth.example' })
    t.match(wrong.said, /configuration: bad: ISSUER must use https/)
    t.match(wrong.said, /configuration: bad: PORT must be a whole number/)
    t.match(wrong.said, /migrations: bad: pending: 0001_first.*mintmark migrate up/)

    const away = await ask(production('postgresql://mintmark:hunter2@127.0.0.1:1/mintmark'))
    t.match(away.said, /database: bad: the database is unavailable/)
    t.notMatch(away.said, /hunter2/)

    const REDIS_URL = 'redis://:hunter2@127.0.0.1:1'
    const redis = await ask({ ...production(empty), REDIS_URL })
    t.match(redis.said, /limits: warning: Redis cannot be used: .*ECONNREFUSED/)
    t.notMatch(redis.said, /hunter2/)

    const service = await createTestService(t)
    const other = Buffer.from(
      '5d1c02d97ab3e4560b9d3877c5f2a16e4d0933be71c8fa25906ce71fd43a5b99',
      'hex',
    )
    const MASTER_KEYS = `1:${other.toString('base64')}`
    const keys = await ask({ ...production(service.databaseUrl), MASTER_KEYS })
    t.match(
      keys.said,
      /keys: bad: master key 1 does not open signing key \S+ ES256: MASTER_KEYS .* another key/,
    )
    t.notMatch(keys.said, MASTER_KEYS)

    const swap = `update signing_keys a set private_key_sealed = b.private_key_sealed
      from signing_keys b where a.alg = 'ES256' and b.alg = 'RS256' returning a.kid`
    const [row] = await query(service.databaseUrl, swap)
    const swapped = await ask(production(service.databaseUrl))
    t.match(swapped.said, `keys: bad: master key 1 does not open signing key ${row?.kid} `)
    t.match(swapped.said, /this row was changed.*\nkeys: good/, 'and the other one does')

    const standby = `alter database ${new URL(empty).pathname.slice(1)} set default_transaction_read_only = on`
    await query(empty, standby)
    t.match((await ask(production(empty))).said, /database: bad: .* takes no writes/)
  },
)

t.test(
  'the doctor looks for the algorithms in use, and at each key as the service does',
  async (t) => {
    const { databaseUrl } = await createTestService(t)
    const env = { ...production(databaseUrl), SIGNING_ALGORITHMS: 'ES256' }
    await query(databaseUrl, `delete from signing_keys where alg = 'RS256'`)
    t.match((await ask(env)).said, /\nkeys: good\n/)
    t.notMatch((await ask(env)).said, /RS256/, 'nobody uses it')
    await query(
      databaseUrl,
      `insert into audiences (audience, signing_alg, created_at)
    values ('https://orders.example', 'EdDSA', now())`,
    )
    t.match((await ask(env)).said, /keys: warning: none signs EdDSA/, 'an audience names it')
    const both = await ask({ ...env, SIGNING_ALGORITHMS: 'ES384,ES256' })
    t.match(both.said, /none signs ES384.*\nkeys: warning: none signs EdDSA/)

    const erase =
      'update signing_keys set private_key_sealed = null, master_key_id = null returning kid'
    const [row] = await query(databaseUrl, erase)
    t.match((await ask(env)).said, `keys: bad: the private half of ${row?.kid} was erased > `)
    await query(databaseUrl, `update signing_keys set alg = 'ES999'`)
    t.match(
      (await ask(env)).said,
      `keys: bad: signing key ${row?.kid} is of an algorithm or in a state`,
    )
  },
)

t.test('it says what pages of an origin can do', async (t) => {
  const service = await createTestService(t)
  const env = production(service.databaseUrl)
  const near = 'https://app.auth.example'
  const far = 'https://app.elsewhere.example'
  await service.addClient({ clientId: 'spa', refreshTokenIn: 'cookie', allowedOrigins: [near] })
  t.match((await ask(env, ['--origin', near])).said, /CORS: good\ncookies: good$/)
  const unknown = await ask(env, ['--origin', far])
  t.match(unknown.said, /CORS: bad: no client is registered for pages of https:\/\/app\.elsewhere/)
  await service.addClient({ clientId: 'far', refreshTokenIn: 'cookie', allowedOrigins: [far] })
  t.match((await ask(env, ['--origin', far])).said, /cookies: bad: .* are of different sites/)
  const invalid = await commandLine(env)(['doctor', '--origin', `${near}/path`])
  t.match(invalid, { code: 2, stderr: /an origin must be scheme, host and port/ })
})

t.test('an issuer that is named is asked over the network, and no database', async (t) => {
  const issuer = await createTestIssuer()
  const { url, close } = await issuer.listen()
  t.teardown(close)
  // Nothing could be opened there.
  const mintmark = commandLine({ DATABASE_URL: 'postgresql://127.0.0.1:1/none' })
  const named = ['--issuer', url, '--audience', 'https://api.test']
  const token = await issuer.token({ scope: 'orders:read' })

  const good = await mintmark(['token', 'verify', '-', ...named, '--json'], { stdin: token })
  t.match(good.json(), { kind: 'access_token', good: true })
  t.equal(good.code, 0)
  const scope = ['--scope', 'orders:write']
  const poor = await mintmark(['token', 'verify', token, ...named, ...scope, '--json'])
  t.equal(poor.code, 1)
  const { code, checks } = poor.json<{ code: string; checks: { code?: string }[] }>()
  t.equal(code, 'scope_missing')
  t.match(
    checks.find((one) => one.code !== undefined),
    { name: 'scope', outcome: 'failed', expected: 'orders:write', actual: /orders:read/ },
  )
  const revoked = await issuer.revoked()
  const asked = await mintmark(['token', 'verify', revoked, ...named, '--revocation'])
  t.match(asked, { code: 1, stdout: /NOT good: token_revoked/ })

  const typed = await issuer.token({ typ: 'JWT', expiresIn: 7200 })
  const terms = ['--typ', 'JWT', '--max-token-lifetime', '7200', '--clock-tolerance', '60']
  t.equal((await mintmark(['token', 'verify', typed, ...named, ...terms])).code, 0)
  const well = await mintmark(['doctor', ...named, '--token', typed, ...terms, '--json'])
  t.match(well.json(), { good: true, reachable: true })
  t.equal(well.code, 0)
  const local = ['doctor', '--issuer', url.replace('127.0.0.1', 'localhost'), ...named.slice(2)]
  t.match(await mintmark(local), { code: 1, stdout: /the host: localhost was given, it is 127/ })
  issuer.down()
  t.equal((await mintmark(['doctor', ...named])).code, 3)
  t.equal((await mintmark(['token', 'verify', token, ...named])).code, 3)

  for (const [args, problem] of [
    [['token', 'verify', token, '--issuer', url], /--issuer needs --audience/],
    [['token', 'verify', token, '--issuer', 'auth.example'], /must be a URL/],
    [['token', 'verify', token, '--scope', 'a'], /--scope needs --issuer/],
    [['token', 'verify', token, '--jwks-file', 'a'], /--jwks-file needs --issuer/],
    [['token', 'verify', token, ...named, '--audience', 'b'], /was given twice/],
    [['token', 'verify', token, ...named, '--clock-tolerance', '601'], /--clock-tolerance must be/],
    [['doctor', '--audience', 'a'], /--audience needs --issuer/],
    [['doctor', ...named, '--origin', 'https://app.test'], /--origin is of this deployment/],
  ] as const) {
    t.match(await mintmark([...args]), { code: 2, stderr: problem })
  }
})
