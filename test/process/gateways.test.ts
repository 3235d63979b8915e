import { execFile } from 'node:child_process'
import { createHmac, generateKeyPairSync } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { createMasterKeys } from '../../src/keys/master-keys.ts'
import { createSigningKey, openPrivateKey } from '../../src/keys/signing-key.ts'
import { claimsOf } from '../support/answer.ts'
import { commandLine } from '../support/cli.ts'
import { forge, readPrivateKey } from '../support/forge.ts'
import { type RunningGateway, startGateway, startUpstream, without } from '../support/gateway.ts'
import { freePort, until } from '../support/process.ts'
import { listen } from '../support/raw.ts'
import { ISSUER, ORDERS, type TestService } from '../support/service.ts'
import { TEST_MASTER_KEY } from '../support/template.ts'

t.setTimeout(300_000)

const run = promisify(execFile)

/** As in production, and with nothing to read but the name of the service. */
const mintmark = commandLine({ DATABASE_URL: 'postgresql://localhost/never', ISSUER })

/** A service that listens, on the clock that gateways go by, and what one is told of it. */
async function start(t: Test) {
  const { service, port } = await listen(t)
  service.clock.advance((Date.now() - service.clock.now()) / 1000)
  const [upstream, gatewayPort] = await Promise.all([startUpstream(t), freePort()])
  const folder = t.testdir()
  const options = Object.entries({
    audience: ORDERS,
    upstream,
    listen: String(gatewayPort),
    service: `http://127.0.0.1:${port}`,
    'key-folder': join(folder, 'keys'),
  }).flatMap(([name, value]) => [`--${name}`, value])
  return {
    service,
    folder,
    gatewayPort,
    /** Writes what a command prints to a file, and returns the file. */
    async print(kind: 'config' | 'companion', name: string, file: string) {
      const { code, stdout, stderr } = await mintmark(['gateway', kind, name, ...options])
      t.equal(code, 0, stderr)
      await writeFile(join(folder, file), stdout)
      return join(folder, file)
    },
  }
}

/** Tokens that are good, and tokens of which one thing is wrong each. */
async function collectTokens(service: TestService) {
  const client = await service.addClient({ audience: [ORDERS] })
  const one = await service.logIn(client)
  const many = await service.logIn()
  const { kid, privateKey } = await readPrivateKey(service, 'ES256')
  const header = { alg: 'ES256', typ: 'at+jwt', kid }
  const claims = claimsOf(one.tokens.access_token)
  const sign = (change: object, head: object = {}, key = privateKey) =>
    forge({ ...header, ...head }, { ...claims, ...change }, key)
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const hmac = `${encode({ ...header, alg: 'HS256' })}.${encode(claims)}`
  const secret = service.parts.keyRing.find(kid)?.pem ?? ''
  const now = Math.floor(Date.now() / 1000)
  const bad: Record<string, string> = {
    expired: sign({ iat: now - 700, exp: now - 100 }),
    'for another audience': sign({ aud: 'https://other.example' }),
    'for what only begins like it': sign({ aud: `${ORDERS}.evil.example` }),
    'for several others': sign({ aud: ['https://other.example', `${ORDERS}/`] }),
    'for no audience': sign({ aud: undefined }),
    'of another issuer': sign({ iss: 'https://evil.example' }),
    'signed by a stranger': sign({}, {}, stranger),
    'of an unknown key': sign({}, { kid: 'unknown' }, stranger),
    'of another kind': sign({}, { typ: 'dpop+jwt' }),
    'changed afterwards': `${sign({}).slice(0, -8)}AAAAAAAA`,
    'by alg none': `${encode({ ...header, alg: 'none' })}.${encode(claims)}.`,
    'by HMAC with the public key': `${hmac}.${createHmac('sha256', secret).update(hmac).digest('base64url')}`,
    garbage: 'garbage',
  }
  return { one, many, sign, bad }
}

/** What every gateway must do. */
async function examine(t: Test, gateway: RunningGateway, service: TestService) {
  const { one, many, sign, bad } = await collectTokens(service)
  const missing = await gateway.ask()
  t.equal(missing.status, 401, 'no token')
  t.match(missing.headers['www-authenticate'], /^Bearer/)
  for (const { tokens, sub, client } of [one, many]) {
    const answer = await gateway.ask(`Bearer ${tokens.access_token}`)
    t.equal(answer.status, 200, 'a good token')
    t.match(answer.upstream, {
      'x-auth-subject': sub,
      'x-auth-client': client.clientId,
      'x-auth-scope': 'orders:read orders:write',
      authorization: `Bearer ${tokens.access_token}`,
    })
  }
  const narrow = await gateway.ask(`Bearer ${sign({ scope: undefined })}`)
  t.equal(narrow.status, 200, 'a token without a scope')
  t.equal(narrow.upstream?.['x-auth-scope'], undefined, 'and nobody else’s')
  const padded = await gateway.ask(`Bearer ${sign({ sub: ' admin ' })}`)
  t.equal(padded.upstream?.['x-auth-subject'], '%20admin%20', 'who is not admin')
  const literal = await gateway.ask(`Bearer ${sign({ sub: '%20admin%20' })}`)
  t.equal(literal.upstream?.['x-auth-subject'], '%2520admin%2520', 'nor the one before')
  for (const [what, token] of Object.entries(bad)) {
    const answer = await gateway.ask(`Bearer ${token}`)
    t.equal(answer.status, 401, what)
    t.match(answer.headers['www-authenticate'], /^Bearer/, what)
  }
  const good = `Bearer ${one.tokens.access_token}`
  for (const two of [
    [good, `Bearer ${bad.expired}`],
    [`Bearer ${bad.expired}`, good],
  ]) {
    const { upstream } = await gateway.ask(...two)
    t.ok(
      upstream === undefined || upstream.authorization === good,
      'one token, and that one judged',
    )
  }
  return good
}

/** Has the service publish one key more, and returns a token that it signed. */
async function rotate(service: TestService): Promise<string> {
  const masterKeys = createMasterKeys([TEST_MASTER_KEY])
  const { random, database, clock } = service.parts
  const at = clock.now()
  const key = await createSigningKey('ES256', 'retiring', { masterKeys, random, at })
  await database.kysely
    .insertInto('signing_keys')
    .values({
      kid: key.kid,
      alg: key.algorithm,
      state: key.state,
      public_jwk: JSON.stringify(key.publicJwk),
      private_key_sealed: key.sealed?.bytes ?? null,
      master_key_id: key.sealed?.masterKeyId ?? null,
      created_at: new Date(at),
      signs_from: new Date(at),
      signs_until: new Date(at),
      token_ttl_seconds: 600,
    })
    .execute()
  await service.parts.keyRing.load()
  const { tokens } = await service.logIn()
  const header = { alg: 'ES256', typ: 'at+jwt', kid: key.kid }
  return forge(header, claimsOf(tokens.access_token), openPrivateKey(key, masterKeys))
}

/** RS256 is a good algorithm, but not the one that was agreed on. */
async function refusesOtherAlgorithms(t: Test, gateway: RunningGateway, service: TestService) {
  const client = await service.addClient({ signingAlg: 'RS256' })
  const { tokens } = await service.logIn(client)
  t.equal((await gateway.ask(`Bearer ${tokens.access_token}`)).status, 401, 'RS256')
}

const NGINX = '/usr/sbin/nginx'
t.test('nginx, with exactly what is printed', { skip: without(NGINX) }, async (t) => {
  const { service, folder, gatewayPort, print } = await start(t)
  const config = await print('config', 'nginx', 'mintmark.conf')
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join(' ')
  const main = join(folder, 'nginx.conf')
  await writeFile(
    main,
    `daemon off; pid ${folder}/pid; error_log stderr; events {}
     http { access_log off; underscores_in_headers on; ${paths} include ${config}; }`,
  )
  const gateway = await startGateway(t, gatewayPort, [NGINX, '-c', main, '-e', 'stderr'])
  const good = await examine(t, gateway, service)
  t.equal((await gateway.ask(`Bearer ${await rotate(service)}`)).status, 200, 'a new key')
  await service.app.close()
  const away = await gateway.ask(good)
  t.equal(away.status, 503, 'without the service nothing is decided')
  t.ok(away.headers['retry-after'])
})

const HAPROXY = '/usr/sbin/haproxy'
t.test('HAProxy, with exactly what is printed', { skip: without(HAPROXY) }, async (t) => {
  const { service, folder, gatewayPort, print } = await start(t)
  const config = await print('config', 'haproxy', 'mintmark.cfg')
  const script = await print('companion', 'haproxy', 'mintmark-keys')
  const fetchKeys = (reload: string) =>
    run('sh', [script], { env: { ...process.env, RELOAD: reload } })
  await fetchKeys('true')
  const gateway = await startGateway(t, gatewayPort, [HAPROXY, '-W', '-db', '-f', config])
  const good = await examine(t, gateway, service)
  await refusesOtherAlgorithms(t, gateway, service)
  await fetchKeys('false')
  t.pass('it is not reloaded when the keys are the same')
  const ofNewKey = `Bearer ${await rotate(service)}`
  t.equal((await gateway.ask(ofNewKey)).status, 401, 'until it has the key')
  await t.rejects(fetchKeys('false'), 'a reload that fails is told')
  await fetchKeys(`kill -USR2 ${gateway.pid}`)
  await until('the reload', async () => (await gateway.ask(ofNewKey)).status === 200)
  await service.app.close()
  const before = await readFile(join(folder, 'keys', 'keys.map'), 'utf8')
  await t.rejects(fetchKeys('false'), { message: /curl/ })
  t.equal(
    await readFile(join(folder, 'keys', 'keys.map'), 'utf8'),
    before,
    'an outage takes no key',
  )
  t.equal((await gateway.ask(good)).status, 200, 'it verifies offline')
})

const APACHE = '/usr/sbin/apache2'
const MODULES = '/usr/lib/apache2/modules'
/** What Debian has switched on, and what the printed comment says to switch on. */
const LOADED = ['mpm_event', 'authn_core', 'authz_core', 'setenvif', 'headers', 'proxy']
const MOD_OAUTH2 = `${MODULES}/mod_oauth2.so`
t.test('Apache, with exactly what is printed', { skip: without(APACHE, MOD_OAUTH2) }, async (t) => {
  const { service, folder, gatewayPort, print } = await start(t)
  const config = await print('config', 'apache', 'mintmark.conf')
  const load = [...LOADED, 'proxy_http', 'oauth2'].map(
    (name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`,
  )
  const main = join(folder, 'apache2.conf')
  const own = [
    'ServerName localhost',
    `PidFile ${folder}/pid`,
    `ErrorLog ${folder}/errors`,
    'LogLevel crit',
  ]
  await mkdir(join(folder, 'run'))
  await writeFile(
    main,
    [...load, ...own, `DefaultRuntimeDir ${folder}/run`, `Include ${config}`].join('\n'),
  )
  const gateway = await startGateway(t, gatewayPort, [APACHE, '-X', '-f', main])
  const good = await examine(t, gateway, service)
  await refusesOtherAlgorithms(t, gateway, service)
  t.equal((await gateway.ask(`Bearer ${await rotate(service)}`)).status, 200, 'a new key')
  await service.app.close()
  t.equal((await gateway.ask(good)).status, 200, 'it verifies offline')
})

t.test('what others are told is what their documents ask for', async (t) => {
  const { service, print } = await start(t)
  const read = async (name: string) =>
    parse(await readFile(await print('config', name, `${name}.yaml`), 'utf8'))

  const headers = ['X-Auth-Subject', 'X-Auth-Client', 'X-Auth-Scope']
  const lookalikes = headers.flatMap((name) => [
    name.replace('-', '_'),
    name.replace(/-(?!A)/, '_'),
    name.replaceAll('-', '_'),
  ])

  const { static_resources } = await read('envoy')
  const filters =
    static_resources.listeners[0].filter_chains[0].filters[0].typed_config.http_filters
  t.strictSame(
    filters.map(({ name }: { name: string }) => name.replace('envoy.filters.http.', '')),
    ['header_mutation', 'jwt_authn', 'rbac', 'router'],
    'forged identities go before the token’s are set',
  )
  t.match(static_resources.listeners[0].filter_chains[0].filters[0].typed_config, {
    common_http_protocol_options: { headers_with_underscores_action: 'REJECT_REQUEST' },
  })
  t.match(filters[1].typed_config.providers.mintmark, {
    issuer: ISSUER,
    audiences: [ORDERS],
    require_expiration: true,
    remote_jwks: {
      http_uri: {
        uri: /^http:\/\/127\.0\.0\.1:\d+\/\.well-known\/jwks\.json$/,
        cluster: 'mintmark',
      },
      cache_duration: '300s',
      async_fetch: {},
      retry_policy: { num_retries: 3 },
    },
  })
  t.strictSame(
    static_resources.clusters.map(({ name }: { name: string }) => name),
    ['mintmark', 'upstream'],
  )

  const { services, consumers } = await read('kong')
  const { keys } = JSON.parse(service.parts.keyRing.jwks()?.body ?? '')
  t.strictSame(
    consumers[0].jwt_secrets,
    keys
      .filter(({ alg }: { alg: string }) => alg === 'ES256')
      .map(({ kid }: { kid: string }) => ({
        key: kid,
        algorithm: 'ES256',
        rsa_public_key: service.parts.keyRing.find(kid)?.pem,
      })),
    'the published keys of that algorithm',
  )
  const [jwt, lua] = services[0].plugins
  t.match(jwt, {
    name: 'jwt',
    config: { key_claim_name: 'kid', claims_to_verify: ['exp'], uri_param_names: [] },
  })
  t.match(lua.config.access[0], `claims.iss ~= "${ISSUER}"`)
  t.match(lua.config.access[0], 'set_header(name, field(claims[claim]))')
  for (const name of lookalikes) t.match(lua.config.access[0], `"${name}"`)

  const [route] = (await read('apisix')).routes
  const forwardAuth = `/forward-auth?audience=${encodeURIComponent(ORDERS)}`
  t.match(route.plugins['forward-auth'], {
    request_headers: ['Authorization'],
    upstream_headers: headers,
    status_on_error: 503,
  })
  t.ok(route.plugins['forward-auth'].uri.endsWith(forwardAuth))
  const { remove } = route.plugins['proxy-rewrite'].headers
  t.strictSame(remove.toSorted(), lookalikes.toSorted(), 'and not what forward-auth sets')

  const { http } = await read('traefik')
  t.match(http.middlewares.mintmark.forwardAuth, { authResponseHeaders: headers })
  const { authResponseHeadersRegex } = http.middlewares.mintmark.forwardAuth
  const replaced = new RegExp(authResponseHeadersRegex.replace('(?i)', ''), 'i')
  t.strictSame(
    [...headers, ...lookalikes].filter((name) => !replaced.test(name)),
    [],
  )
  t.ok(http.middlewares.mintmark.forwardAuth.address.endsWith(forwardAuth))
  t.strictSame(http.routers.mintmark.middlewares, ['mintmark'])

  const { spring } = await read('spring')
  t.match(spring.security.oauth2.resourceserver.jwt, {
    'issuer-uri': ISSUER,
    'jwk-set-uri': /\/\.well-known\/jwks\.json$/,
    'jws-algorithms': 'ES256',
    audiences: ORDERS,
  })
  const decoder = await readFile(await print('companion', 'spring', 'MintmarkJwtDecoder.java'))
  t.match(decoder.toString(), 'new JOSEObjectType("at+jwt")')
})

t.test('every gateway has a configuration that needs no option', async (t) => {
  const { stdout } = await mintmark(['gateway', 'config', '--help'])
  const [, choices = ''] = /choices: ([^)]*)\)/.exec(stdout.replace(/\s+/g, ' ')) ?? []
  const names = [...choices.matchAll(/"(\w+)"/g)].map(([, name]) => name as string)
  t.strictSame(names.toSorted(), [
    'apache',
    'apisix',
    'envoy',
    'haproxy',
    'kong',
    'nginx',
    'spring',
    'traefik',
  ])
  for (const name of names.filter((one) => one !== 'kong')) {
    const { code, stdout, stderr } = await mintmark(['gateway', 'config', name])
    t.equal(code, 0, stderr)
    t.match(stdout, `tokens with the audience ${ISSUER}`, name)
    t.match(stderr, 'name your service by --audience', name)
    const json = await mintmark(['gateway', 'config', name, '--json'])
    t.strictSame(json.json(), { gateway: name, config: stdout })
  }
  const narrowed = await mintmark(['gateway', 'config', 'nginx', '--alg', 'RS256'])
  t.match(narrowed.stderr, '--alg and --typ change nothing', 'the service judges')
  const far = ['--upstream', 'https://orders.internal', '--service', 'https://auth.internal/path']
  for (const name of ['nginx', 'haproxy', 'envoy', 'apache']) {
    const { stdout } = await mintmark(['gateway', 'config', name, ...far])
    t.match(stdout, '/etc/ssl/certs/ca-certificates.crt', `${name}: TLS is verified`)
  }
  const failures: [string, string[]][] = [
    ['service_unreachable', ['config', 'kong', '--service', 'http://127.0.0.1:1']],
    ['algorithm_unsupported', ['config', 'haproxy', '--alg', 'EdDSA']],
    ['usage', ['config', 'nginx', '--audience', 'https://a.example/;evil']],
    ['usage', ['config', 'nginx', '--upstream', 'localhost']],
    ['usage', ['config', 'nginx', '--upstream', 'http://localhost/path']],
    ['usage', ['config', 'caddy']],
    ['usage', ['companion', 'nginx']],
  ]
  for (const [code, args] of failures) {
    const { stderr, stdout } = await mintmark(['gateway', ...args, '--json'])
    t.equal(JSON.parse(stderr).error.code, code, args.join(' '))
    t.equal(stdout, '')
  }
})
