import { existsSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import t from 'tap'
import { VARIABLES } from '../../src/config/variables.ts'
import { ConfigurationError, configurationTable, readConfig } from '../../src/config.ts'

const KEY = Buffer.from('8f1c02d97ab3e4560b9d3877c5f2a16e4d0933be71c8fa25906ce71fd43a5b88', 'hex')
const PASSWORD = 'hunter2-in-the-url'
const PRODUCTION = {
  DATABASE_URL: `postgres://mintmark:${PASSWORD}@db.internal:5432/mintmark`,
  ISSUER: 'https://auth.example.org',
  MASTER_KEYS: `1:${KEY.toString('base64')}`,
}

function problemsOf(env: Record<string, string | undefined>): ConfigurationError {
  try {
    readConfig(env)
  } catch (error) {
    if (error instanceof ConfigurationError) return error
    throw error
  }
  throw new Error('the configuration was accepted')
}

t.test('an empty environment is development, with nothing to set up', async (t) => {
  t.strictSame(readConfig({}), {
    development: true,
    issuer: 'http://localhost:3000',
    masterKeys: [],
    host: 'localhost',
    port: 3000,
    adminHost: 'localhost',
    workers: 1,
    logLevel: 'info',
    docs: 'on',
    stateDirectory: resolve('.mintmark'),
    snapshotDirectory: resolve('.mintmark'),
    errorDetail: 'full',
    migrateOnStart: false,
    databasePoolSize: 10,
    accessTokenTtlSeconds: 600,
    sessionIdleTtlSeconds: 14 * 86_400,
    sessionMaxTtlSeconds: 90 * 86_400,
    maxSessions: 100,
    refreshRetryWindowSeconds: 30,
    refreshRecoveryWindowSeconds: 86_400,
    refreshRecovery: 'allow',
    refreshAcceptAhead: true,
    signingAlgorithms: ['ES256', 'RS256'],
    keyRotateEverySeconds: 30 * 86_400,
    keyPublishAheadSeconds: 86_400,
    verifierCacheTtlSeconds: 3600,
    auditRetentionSeconds: 90 * 86_400,
    passwordConcurrency: Math.min(64, Math.max(1, availableParallelism() - 1)),
    passwordQueueLimit: 100,
    trustedProxies: [],
    rateLimitLoginAccount: { count: 10, windowSeconds: 300 },
    rateLimitLoginAccountTotal: { count: 60, windowSeconds: 600 },
    rateLimitLoginAddress: { count: 100, windowSeconds: 300 },
    rateLimitRefresh: { count: 300, windowSeconds: 60 },
    rateLimitClientFailures: { count: 20, windowSeconds: 60 },
    rateLimitIntrospect: { count: 60_000, windowSeconds: 60 },
    rateLimitPublic: { count: 3000, windowSeconds: 60 },
    shutdownDelaySeconds: 0,
    shutdownTimeoutSeconds: 30,
  })
})

t.test(
  'the last JWKS is kept in a folder that somebody named, or that is development’s',
  async (t) => {
    t.equal(readConfig(PRODUCTION).snapshotDirectory, undefined, 'nothing is written unasked')
    for (const env of [PRODUCTION, {}]) {
      t.equal(readConfig({ ...env, STATE_DIR: '/var/lib/x' }).snapshotDirectory, '/var/lib/x')
    }
  },
)

t.test('the development issuer follows the port', async (t) => {
  t.equal(readConfig({ PORT: '8080' }).issuer, 'http://localhost:8080')
})

t.test('the admin API has a port of its own, or none', async (t) => {
  t.equal(readConfig({ ADMIN_PORT: '3001' }).adminPort, 3001)
  t.equal(readConfig({ ADMIN_PORT: 'off' }).adminPort, 'off')
  t.equal(readConfig(PRODUCTION).adminPort, undefined, 'nobody asked for it')
  for (const [port, problem] of [
    ['on', 'must be a whole number from 1 to 65535, or off'],
    ['0', 'must be a whole number from 1 to 65535, not 0, or off'],
    ['3000', 'must not be PORT: nothing of it is public'],
  ] as const) {
    t.match(problemsOf({ ADMIN_PORT: port }).problems, [{ variable: 'ADMIN_PORT', problem }])
  }
})

t.test('an empty variable counts as unset and an unknown one is ignored', async (t) => {
  const { DATABASE_URL, ...empty } = Object.fromEntries(
    Object.values(VARIABLES).map(({ name }) => [name, '']),
  )
  t.strictSame(readConfig({ ...empty, DATABASE_URL_FILE: '', NOT_OURS: 'x' }), readConfig({}))
})

t.test(
  'an empty DATABASE_URL, as of an undefined variable, is no wish for development',
  async (t) => {
    t.match(problemsOf({ DATABASE_URL: '' }).problems, [
      { variable: 'DATABASE_URL', problem: /^is set but empty/ },
    ])
    t.equal(readConfig({ ...PRODUCTION, DATABASE_URL: PRODUCTION.DATABASE_URL }).development, false)
  },
)

t.test('with DATABASE_URL the service is not in development and listens everywhere', async (t) => {
  const config = readConfig(PRODUCTION)
  t.match(config, { development: false, databaseUrl: PRODUCTION.DATABASE_URL, host: '0.0.0.0' })
  t.strictSame(config.masterKeys, [{ id: 1, key: KEY }])
})

t.test('with DATABASE_URL nothing is guessed: both missing variables are asked for', async (t) => {
  const error = problemsOf({ DATABASE_URL: PRODUCTION.DATABASE_URL })
  t.strictSame(error.problems, [
    {
      variable: 'ISSUER',
      problem: 'is required when DATABASE_URL is set',
      example: 'https://auth.example.com',
    },
    {
      variable: 'MASTER_KEYS',
      problem: 'is required when DATABASE_URL is set',
      example: '1:$(openssl rand -base64 32)',
    },
  ])
  const lines = error.message.split('\n')
  t.equal(lines.length, 3)
  t.match(lines[1], /ISSUER is required .* Example: ISSUER=https:\/\/auth\.example\.com$/)
})

t.test('Swagger UI is off where nothing asks for it, and a password asks for it', async (t) => {
  const password = { DOCS_PASSWORD: 'correct horse' }
  for (const [env, docs] of [
    [{}, 'off'],
    [{ DOCS: 'on' }, 'on'],
    [password, 'on'],
    [{ ...password, DOCS: 'off' }, 'off'],
  ] as const) {
    t.equal(readConfig({ ...PRODUCTION, ...env }).docs, docs, JSON.stringify(env))
  }
  t.equal(readConfig({ DOCS: 'off' }).docs, 'off', 'in development as well')
  const short = problemsOf({ ...PRODUCTION, DOCS_PASSWORD: 'elevenchars' }).problems
  t.match(short, [{ variable: 'DOCS_PASSWORD', problem: 'must have at least 12 characters' }])
})

t.test('a wrong DATABASE_URL does not fall back to development', async (t) => {
  for (const env of [{ DATABASE_URL: 'mysql://db' }, { DATABASE_URL_FILE: '/nowhere/at/all' }]) {
    const variables = problemsOf(env).problems.map(({ variable }) => variable)
    t.strictSame(variables, ['DATABASE_URL', 'ISSUER', 'MASTER_KEYS'])
  }
})

t.test('every problem is reported at once', async (t) => {
  const bad = Object.fromEntries(Object.values(VARIABLES).map(({ name }) => [name, '?']))
  // Any text names a folder.
  const expected = Object.keys(bad).filter((name) => name !== 'STATE_DIR')
  const error = problemsOf(bad)
  t.strictSame(
    error.problems.map(({ variable }) => variable),
    expected,
  )
  for (const name of expected) t.match(error.message, new RegExp(`^ {2}${name} .*Example: `, 'm'))
})

const REFUSED: [variable: string, text: string, problem: RegExp][] = [
  ['DATABASE_URL', 'mysql://db/mintmark', /postgres:\/\//],
  ['DATABASE_URL', 'postgres://user:a/b@db/mintmark', /percent-encode/],
  ['DATABASE_URL', 'postgres://one,two/mintmark', /one host/],
  ['ISSUER', 'auth.example.org', /absolute https/],
  ['ISSUER', 'ftp://auth.example.org', /absolute https/],
  ['ISSUER', 'http://auth.example.org', /must use https/],
  ['ISSUER', 'https://auth.example.org/', /slash: drop it/],
  ['ISSUER', 'https://auth.example.org/tenant/', /slash: drop it/],
  ['ISSUER', 'https://auth.example.org?', /query/],
  ['ISSUER', 'https://auth.example.org?a=b', /query/],
  ['ISSUER', 'https://auth.example.org#', /fragment/],
  ['ISSUER', 'https://me@auth.example.org', /user or password/],
  ['ISSUER', 'https://AUTH.example.org:443', /normal form, https:\/\/auth\.example\.org$/],
  ['ISSUER', 'https://auth.example.org/?a#b', /query; .*fragment/],
  ['HOST', 'http://localhost', /host name/],
  ['HOST', 'localhost:3000', /host name/],
  ['HOST', '[::1]', /host name/],
  ['PORT', '65536', /from 1 to 65535, not 65536/],
  ['PORT', '0', /from 1 to 65535, not 0/],
  ['PORT', '-1', /whole number/],
  ['PORT', '3e3', /whole number/],
  ['PORT', ' 3000', /whole number/],
  ['PORT', '03000', /whole number/],
  ['WORKERS', '0', /whole number from 1 to 64, not 0/],
  ['WORKERS', '65', /from 1 to 64, not 65/],
  ['WORKERS', 'abc', /whole number from 1 to 64/],
  ['LOG_LEVEL', 'INFO', /one of fatal, error, warn, info, debug, trace, silent/],
  ['MIGRATE_ON_START', 'yes', /true or false/],
  ['MIGRATE_ON_START', '1', /true or false/],
  ['DATABASE_POOL_SIZE', '0', /from 1 to 200/],
  ['DATABASE_POOL_SIZE', '201', /from 1 to 200/],
  ['ACCESS_TOKEN_TTL', '600', /duration from 30s to 24h/],
  ['ACCESS_TOKEN_TTL', '29s', /from 30s to 24h, not 29s/],
  ['ACCESS_TOKEN_TTL', '25h', /from 30s to 24h, not 25h/],
  ['SESSION_IDLE_TTL', '1w', /duration/],
  ['SESSION_MAX_TTL', '3651d', /to 3650d/],
  ['REFRESH_RETRY_WINDOW', '61m', /to 1h/],
  ['REFRESH_RECOVERY_WINDOW', '31d', /to 30d/],
  ['REFRESH_RECOVERY', 'maybe', /one of allow, deny/],
  ['REFRESH_ACCEPT_AHEAD', 'True', /true or false/],
  ['PASSWORD_CONCURRENCY', '0', /from 1 to 64/],
  ['PASSWORD_CONCURRENCY', '65', /from 1 to 64/],
  ['PASSWORD_QUEUE_LIMIT', '10001', /from 0 to 10000/],
  ['TRUSTED_PROXIES', 'proxy.internal', /list of IP addresses/],
  ['TRUSTED_PROXIES', '10.0.0.0/8,', /list of IP addresses/],
  ['TRUSTED_PROXIES', '0.0.0.0/0', /not \/0/],
  ['TRUSTED_PROXIES', '::/0', /not \/0/],
  ['TRUSTED_PROXIES', '10.0.0.0/33', /list of IP addresses/],
  ['TRUSTED_PROXIES', 'true', /list of IP addresses/],
  ['REDIS_URL', 'http://cache', /redis:\/\//],
  ['REDIS_URL', 'redis://', /redis:\/\//],
  ['REDIS_URL', 'redis://cache/abc', /number of a database/],
  ['REDIS_URL', 'redis://cache/1.5', /number of a database/],
  ['REDIS_URL', 'redis://cache?commandTimeout=9', /query/],
  ['REDIS_URL', 'redis://:pw%@cache', /%25/],
  ['RATE_LIMIT_LOGIN_ACCOUNT', '10', /as in 10\/5m/],
  ['RATE_LIMIT_LOGIN_ACCOUNT', '10/5m/1', /as in 10\/5m/],
  ['RATE_LIMIT_REFRESH', '0/1m', /from 1 to 1000000 .*, not 0\/1m/],
  ['RATE_LIMIT_REFRESH', '10/0s', /from 1s to 24h, not 10\/0s/],
  ['RATE_LIMIT_PUBLIC', '10/25h', /from 1s to 24h, not 10\/25h/],
  ['RATE_LIMIT_PUBLIC', 'none', /must be off, or/],
  ['SHUTDOWN_DELAY', '11m', /to 10m/],
  ['SHUTDOWN_TIMEOUT', '0s', /from 1s/],
]

for (const [variable, text, problem] of REFUSED) {
  t.test(`${variable} refuses ${text}`, async (t) => {
    const { problems } = problemsOf({ ...PRODUCTION, [variable]: text })
    t.match(problems, [{ variable, problem }])
    t.equal(problems.length, 1)
  })
}

const ACCEPTED: [variable: string, text: string, field: keyof typeof VARIABLES, value: unknown][] =
  [
    [
      'DATABASE_URL',
      'postgresql:///mint?host=/run/pg',
      'databaseUrl',
      'postgresql:///mint?host=/run/pg',
    ],
    ['ISSUER', 'https://example.org/a/b', 'issuer', 'https://example.org/a/b'],
    ['ISSUER', 'http://localhost:3000', 'issuer', 'http://localhost:3000'],
    ['ISSUER', 'http://127.0.0.1', 'issuer', 'http://127.0.0.1'],
    ['ISSUER', 'http://[::1]:3000', 'issuer', 'http://[::1]:3000'],
    ['HOST', '::1', 'host', '::1'],
    ['HOST', 'db-1.internal', 'host', 'db-1.internal'],
    ['PORT', '1', 'port', 1],
    ['PORT', '65535', 'port', 65_535],
    ['WORKERS', '64', 'workers', 64],
    ['LOG_LEVEL', 'silent', 'logLevel', 'silent'],
    ['STATE_DIR', 'state', 'stateDirectory', resolve('state')],
    ['STATE_DIR', '/var/lib/x', 'stateDirectory', '/var/lib/x'],
    ['ERROR_DETAIL', 'minimal', 'errorDetail', 'minimal'],
    ['MIGRATE_ON_START', 'true', 'migrateOnStart', true],
    ['DATABASE_POOL_SIZE', '200', 'databasePoolSize', 200],
    ['ACCESS_TOKEN_TTL', '24h', 'accessTokenTtlSeconds', 86_400],
    ['ACCESS_TOKEN_TTL', '30s', 'accessTokenTtlSeconds', 30],
    ['SESSION_IDLE_TTL', '90d', 'sessionIdleTtlSeconds', 90 * 86_400],
    ['SESSION_MAX_TTL', '14d', 'sessionMaxTtlSeconds', 14 * 86_400],
    ['REFRESH_RETRY_WINDOW', '0s', 'refreshRetryWindowSeconds', 0],
    ['REFRESH_RECOVERY_WINDOW', '30s', 'refreshRecoveryWindowSeconds', 30],
    ['REFRESH_RECOVERY', 'deny', 'refreshRecovery', 'deny'],
    ['REFRESH_ACCEPT_AHEAD', 'false', 'refreshAcceptAhead', false],
    ['PASSWORD_CONCURRENCY', '64', 'passwordConcurrency', 64],
    ['PASSWORD_QUEUE_LIMIT', '0', 'passwordQueueLimit', 0],
    [
      'REDIS_URL',
      'rediss://:p%25w@cache:6380/1',
      'redisUrl',
      { host: 'cache', port: 6380, username: undefined, password: 'p%w', database: 1, tls: true },
    ],
    ['RATE_LIMIT_REFRESH', 'off', 'rateLimitRefresh', 'off'],
    ['SHUTDOWN_DELAY', '5s', 'shutdownDelaySeconds', 5],
    ['SHUTDOWN_TIMEOUT', '1m', 'shutdownTimeoutSeconds', 60],
  ]

for (const [variable, text, field, value] of ACCEPTED) {
  t.test(`${variable} accepts ${text}`, async (t) => {
    t.strictSame(readConfig({ ...PRODUCTION, [variable]: text })[field], value)
  })
}

t.test('a limit is a number and a duration', async (t) => {
  const config = readConfig({ ...PRODUCTION, RATE_LIMIT_INTROSPECT: '5/2h' })
  t.strictSame(config.rateLimitIntrospect, { count: 5, windowSeconds: 7200 })
})

t.test('a proxy is an address, a network or one of their names', async (t) => {
  const list = '192.0.2.7, 2001:db8::/32,linklocal'
  t.strictSame(readConfig({ ...PRODUCTION, TRUSTED_PROXIES: list }).trustedProxies, [
    { address: '192.0.2.7', prefix: 32, family: 'ipv4' },
    { address: '2001:db8::', prefix: 32, family: 'ipv6' },
    { address: '169.254.0.0', prefix: 16, family: 'ipv4' },
    { address: 'fe80::', prefix: 10, family: 'ipv6' },
  ])
})

const TOO_LONG: [env: Record<string, string>, variable: string, problem: string][] = [
  [
    { ACCESS_TOKEN_TTL: '2h', SESSION_IDLE_TTL: '1h' },
    'ACCESS_TOKEN_TTL',
    'must not be longer than SESSION_IDLE_TTL: 2h (7200 s) > 1h (3600 s)',
  ],
  [
    { SESSION_IDLE_TTL: '91d' },
    'SESSION_IDLE_TTL',
    'must not be longer than SESSION_MAX_TTL: 91d (7862400 s) > 90d (7776000 s, the default)',
  ],
  [
    { REFRESH_RECOVERY_WINDOW: '10s' },
    'REFRESH_RETRY_WINDOW',
    'must not be longer than REFRESH_RECOVERY_WINDOW: 30s (30 s, the default) > 10s (10 s)',
  ],
  [
    { KEY_PUBLISH_AHEAD: '1h' },
    'KEY_PUBLISH_AHEAD',
    'would break verifiers: a key would sign before they know it. One that has just fetched the ' +
      'JWKS keeps it, and a replica may answer without the new key for a moment: ' +
      'VERIFIER_CACHE_TTL 1h (3600 s, the default) + 10 s = 3610 s > KEY_PUBLISH_AHEAD 1h (3600 s)',
  ],
  [
    { VERIFIER_CACHE_TTL: '2d' },
    'KEY_PUBLISH_AHEAD',
    'would break verifiers: a key would sign before they know it. One that has just fetched the ' +
      'JWKS keeps it, and a replica may answer without the new key for a moment: ' +
      'VERIFIER_CACHE_TTL 2d (172800 s) + 10 s = 172810 s > KEY_PUBLISH_AHEAD 1d (86400 s, the default)',
  ],
  [
    { KEY_ROTATE_EVERY: '1d' },
    'KEY_ROTATE_EVERY',
    'is too short: there is one next key at a time, which must be published ahead while its ' +
      'predecessor signs: KEY_PUBLISH_AHEAD 1d (86400 s, the default) + 10 s = 86410 s > ' +
      'KEY_ROTATE_EVERY 1d (86400 s)',
  ],
]

for (const [env, variable, problem] of TOO_LONG) {
  t.test(`${Object.entries(env).join(' with ')} is refused with the arithmetic`, async (t) => {
    const { problems } = problemsOf(env)
    t.match(problems, [{ variable, problem }])
    t.equal(problems.length, 1)
  })
}

t.test(
  'secrets come from files and commands, whose line break at the end is no part of them',
  async (t) => {
    const directory = t.testdir({
      url: `${PRODUCTION.DATABASE_URL}\r\n`,
      keys: `${PRODUCTION.MASTER_KEYS}\n`,
    })
    const { ISSUER, MASTER_KEYS } = PRODUCTION
    const DATABASE_URL_FILE = join(directory, 'url')
    for (const keys of [
      { MASTER_KEYS_FILE: join(directory, 'keys') },
      { MASTER_KEYS_COMMAND: `cat '${join(directory, 'keys')}'` },
      { MASTER_KEYS_COMMAND: 'echo "$KEPT"; echo a word >&2', KEPT: MASTER_KEYS },
    ]) {
      const config = readConfig({ ISSUER, DATABASE_URL_FILE, ...keys })
      t.strictSame(config, readConfig(PRODUCTION))
    }
  },
)

t.test('only secrets can come from files and commands', async (t) => {
  const env = { PORT_FILE: '/nowhere', HOST_FILE: '/nowhere', PORT_COMMAND: 'echo 1' }
  t.strictSame(readConfig(env), readConfig({}))
})

t.test('a secret given more than once is refused', async (t) => {
  const path = join(t.testdir({ keys: PRODUCTION.MASTER_KEYS }), 'keys')
  const mark = join(t.testdirName, 'ran')
  const more = { MASTER_KEYS_FILE: path, MASTER_KEYS_COMMAND: `touch '${mark}'` }
  const { problems } = problemsOf({ ...PRODUCTION, ...more })
  const problem =
    'is set by MASTER_KEYS and by MASTER_KEYS_FILE and by MASTER_KEYS_COMMAND: keep one'
  t.match(problems, [{ variable: 'MASTER_KEYS', problem }])
  t.notOk(existsSync(mark), 'and no command is run')
})

const FAILS: [command: string, problem: RegExp][] = [
  ['exit 3', /the command ended with exit code 3; run it by hand, .* to see why$/],
  ['no-such-program-anywhere', /the command ended with exit code 127; run it/],
  ['kill -9 $$', /the command was ended by SIGKILL/],
  ['true', /there is nothing in it/],
  ["printf '\\n\\n'", /there is nothing in it/],
  ['head -c 70000 /dev/zero', /the command printed more than 65536 bytes/],
  [`echo '1:${KEY.toString('base64')}'; exit 1`, /exit code 1; run it/],
  [`set -x; : '1:${KEY.toString('base64')}'; exit 1`, /exit code 1; run it/],
  ['echo passphrase: garbage staple >&2; exit 1', /exit code 1; run it/],
  [`echo '${KEY.toString('hex').replace(/.{8}/g, '$& ')}' >&2; exit 1`, /exit code 1; run it/],
  [
    `echo '1:${KEY.toString('base64').slice(1)}'`,
    /as MASTER_KEYS_COMMAND has it: entry 1 \(id 1\) /,
  ],
  ['echo "<html>garbage</html>"', /as MASTER_KEYS_COMMAND has it: entry 1 must start/],
]

for (const [command, problem] of FAILS) {
  t.test(`a command that goes wrong is told, and nothing it printed: ${command}`, async (t) => {
    const { MASTER_KEYS: _, ...rest } = PRODUCTION
    const PATH = process.env.PATH ?? ''
    const { problems, message } = problemsOf({ ...rest, PATH, MASTER_KEYS_COMMAND: command })
    t.match(problems, [{ variable: 'MASTER_KEYS', problem }])
    t.equal(problems.length, 1)
    for (const encoding of ['base64', 'hex'] as const) {
      t.notMatch(message, KEY.toString(encoding).slice(1, 9))
    }
    t.notMatch(message, /garbage/)
  })
}

t.test('a secret file that cannot be read is named, with the reason', async (t) => {
  const path = join(t.testdir(), 'missing')
  const { MASTER_KEYS: _, ...rest } = PRODUCTION
  const { problems } = problemsOf({ ...rest, MASTER_KEYS_FILE: path })
  t.match(problems, [{ variable: 'MASTER_KEYS', problem: `${path} (ENOENT)` }])
})

t.test('an empty secret file is refused, not taken for development', async (t) => {
  const path = join(t.testdir(), 'empty')
  writeFileSync(path, '\n')
  t.match(problemsOf({ DATABASE_URL_FILE: path }).problems[0], { variable: 'DATABASE_URL' })
})

t.test('no message holds a secret, wherever it was put', async (t) => {
  const secret = KEY.toString('base64')
  // Any text names a folder, and a long one is a password.
  const envs: Record<string, string>[] = Object.values(VARIABLES)
    .filter(({ name }) => !['STATE_DIR', 'DOCS_PASSWORD'].includes(name))
    .map(({ name }) => ({ [name]: `oops:${secret}` }))
  envs.push(
    { MASTER_KEYS: `1:${secret},1:${secret}` },
    { MASTER_KEYS_FILE: `1:${secret}` },
    { DATABASE_URL_FILE: PRODUCTION.DATABASE_URL },
    { MASTER_KEYS_COMMAND: `1:${secret}` },
    { DATABASE_URL_COMMAND: PRODUCTION.DATABASE_URL },
    { DATABASE_URL: `mysql://u:${PASSWORD}@db` },
    { DATABASE_URL: `postgres://u:${PASSWORD}@one,two/db` },
    { ISSUER: `https://u:${PASSWORD}@AUTH.example.org/` },
  )
  for (const env of envs) {
    const error = problemsOf(env)
    const printed = `${error.message}\n${JSON.stringify(error.problems)}\n${error.stack}`
    t.notOk(printed.includes(secret.slice(0, 12)), Object.keys(env).join())
    t.notOk(printed.includes(PASSWORD), Object.keys(env).join())
  }
})

t.test('the configuration cannot be changed', async (t) => {
  const config = readConfig(PRODUCTION)
  t.ok(Object.isFrozen(config))
  t.ok(Object.isFrozen(config.masterKeys))
  t.ok(config.masterKeys.every(Object.isFrozen))
  t.ok(Object.isFrozen(readConfig({}).masterKeys))
})

t.test('the table for the README has one row a variable, with its default', async (t) => {
  const rows = configurationTable().trimEnd().split('\n').slice(2)
  t.equal(rows.length, Object.keys(VARIABLES).length)
  for (const { name } of Object.values(VARIABLES)) {
    t.equal(rows.filter((row) => /^\| `(\w+)`/.exec(row)?.[1] === name).length, 1, name)
  }
  t.ok(rows.every((row) => row.split('|').length === 5))
  t.ok(rows.some((row) => row.includes('| `PORT` | `3000` |')))
  t.ok(
    rows.some((row) =>
      row.startsWith('| `MASTER_KEYS`, `MASTER_KEYS_FILE`, `MASTER_KEYS_COMMAND` |'),
    ),
  )
})
