import { resolve } from 'node:path'
import { KEY_VARIABLES } from './key-variables.ts'
import { LIMIT_VARIABLES } from './limit-variables.ts'
import { masterKeyList } from './master-keys.ts'
import { networkList } from './proxies.ts'
import {
  atLeast,
  duration,
  host,
  issuerUrl,
  oneOf,
  portOrOff,
  postgresUrl,
  redisUrl,
  trueOrFalse,
  wholeNumber,
} from './readers.ts'
import type { Variable } from './variable.ts'

/** Every variable, by the field of the configuration that it fills, in the README's order. */
export const VARIABLES = {
  databaseUrl: {
    name: 'DATABASE_URL',
    description: 'Postgres to use, `postgres://` or `postgresql://`. Unset is development mode.',
    example: 'postgres://mintmark:password@db.example.com:5432/mintmark',
    computedDefault: 'an embedded development database',
    secret: true,
    read: postgresUrl,
  },
  issuer: {
    name: 'ISSUER',
    description:
      'The `iss` of every token and the base of every address: an `https` URL without query, ' +
      'fragment or trailing slash (`http` for localhost only). Required with `DATABASE_URL`.',
    example: 'https://auth.example.com',
    computedDefault: '`http://localhost:<PORT>` in development',
    requiredWithDatabase: true,
    read: issuerUrl,
  },
  masterKeys: {
    name: 'MASTER_KEYS',
    description:
      'Comma-separated `id:key` list; id 1 to 255, key 32 random bytes in base64. The first ' +
      'encrypts and issues, all of them decrypt and verify; `id:retired` for one taken out for ' +
      'good. Required with `DATABASE_URL`.',
    example: '1:$(openssl rand -base64 32)',
    computedDefault: 'made and kept in `STATE_DIR` in development',
    requiredWithDatabase: true,
    secret: true,
    read: masterKeyList,
  },
  host: {
    name: 'HOST',
    description: 'Name or address to listen on.',
    example: '0.0.0.0',
    computedDefault: '`localhost` in development, else `0.0.0.0`',
    read: host,
  },
  port: {
    name: 'PORT',
    description: 'Port to listen on.',
    example: '3000',
    default: '3000',
    read: wholeNumber(1, 65_535),
  },
  adminPort: {
    name: 'ADMIN_PORT',
    description:
      'Port of the admin API, or `off`. Every replica may have one; nothing of it is at `PORT`.',
    example: '3001',
    computedDefault: '`PORT` + 1 in development, else `off`',
    read: portOrOff,
  },
  adminHost: {
    name: 'ADMIN_HOST',
    description:
      'Name or address that the admin API listens on; in a container `0.0.0.0`, with its port published to no network but yours.',
    example: 'localhost',
    default: 'localhost',
    read: host,
  },
  workers: {
    name: 'WORKERS',
    description:
      'Processes that serve at `PORT` and `ADMIN_PORT`, 1 to 64, each a whole replica; see [more ' +
      'than one process](docs/workers.md). Of one there is none beside it.',
    example: '2',
    default: '1',
    read: wholeNumber(1, 64),
  },
  logLevel: {
    name: 'LOG_LEVEL',
    description: '`fatal`, `error`, `warn`, `info`, `debug`, `trace` or `silent`.',
    example: 'info',
    default: 'info',
    read: oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
  },
  stateDirectory: {
    name: 'STATE_DIR',
    description:
      'Folder of the development database and keys; and of the last JWKS, sealed, so that a ' +
      'replica restarted while the database is away can answer it.',
    example: '/var/lib/mintmark',
    computedDefault: '`.mintmark` beside `package.json`; with `DATABASE_URL` nothing is written',
    read: (text: string) => ({ value: resolve(text) }),
  },
  docs: {
    name: 'DOCS',
    description:
      '`on` or `off`: whether Swagger UI is served at `/docs`. The document itself, `/openapi.json`, always is.',
    example: 'on',
    computedDefault: '`on` in development and with a `DOCS_PASSWORD`, else `off`',
    read: oneOf('on', 'off'),
  },
  docsPassword: {
    name: 'DOCS_PASSWORD',
    description:
      'What `/docs` asks for, with any user name; at least 12 characters. Wrong ones count like the ' +
      'failures of a client.',
    example: '$(openssl rand -base64 18)',
    computedDefault: 'none: `/docs` asks for nothing',
    secret: true,
    read: atLeast(12),
  },
  errorDetail: {
    name: 'ERROR_DETAIL',
    description:
      '`full`, or `minimal`: errors hold neither reason nor description nor the address of their ' +
      'page; the log still has the reason. Clients cannot tell `refresh_stale` and ' +
      '`retry_mismatch`, after which a session lives, from a dead session then. The admin API ' +
      'always says all.',
    example: 'minimal',
    default: 'full',
    read: oneOf('full', 'minimal'),
  },
  migrateOnStart: {
    name: 'MIGRATE_ON_START',
    description: 'Whether to migrate the database before serving. Development always does.',
    example: 'true',
    default: 'false',
    read: trueOrFalse,
  },
  databasePoolSize: {
    name: 'DATABASE_POOL_SIZE',
    description:
      'Most database connections that one process opens, 1 to 200; of `WORKERS` each as many.',
    example: '10',
    default: '10',
    read: wholeNumber(1, 200),
  },
  accessTokenTtlSeconds: {
    name: 'ACCESS_TOKEN_TTL',
    description: 'Life of an access token, `30s` to `24h`; at most `SESSION_IDLE_TTL`.',
    example: '10m',
    default: '10m',
    read: duration('30s', '24h'),
  },
  sessionIdleTtlSeconds: {
    name: 'SESSION_IDLE_TTL',
    description: 'A session ends when not refreshed for this long; at most `SESSION_MAX_TTL`.',
    example: '14d',
    default: '14d',
    read: duration('30s', '3650d'),
  },
  sessionMaxTtlSeconds: {
    name: 'SESSION_MAX_TTL',
    description: 'A session ends this long after its login, refreshed or not.',
    example: '90d',
    default: '90d',
    read: duration('30s', '3650d'),
  },
  maxSessions: {
    name: 'MAX_SESSIONS',
    description:
      'Sessions that one user may have at one client, 1 to 10000; one more ends the oldest.',
    example: '100',
    default: '100',
    read: wholeNumber(1, 10_000),
  },
  refreshRetryWindowSeconds: {
    name: 'REFRESH_RETRY_WINDOW',
    description:
      'How long the refresh token just replaced gets the same successor again; `0s` to `1h`.',
    example: '30s',
    default: '30s',
    read: duration('0s', '1h'),
  },
  refreshRecoveryWindowSeconds: {
    name: 'REFRESH_RECOVERY_WINDOW',
    description:
      'How long after that replacement a lost answer can be recovered, at most twice a day per ' +
      'session; at least `REFRESH_RETRY_WINDOW`, at most `30d`.',
    example: '24h',
    default: '24h',
    read: duration('0s', '30d'),
  },
  refreshRecovery: {
    name: 'REFRESH_RECOVERY',
    description:
      '`allow`, or `deny`: past the retry window, a replaced refresh token is treated as reuse.',
    example: 'allow',
    default: 'allow',
    read: oneOf('allow', 'deny'),
  },
  refreshAcceptAhead: {
    name: 'REFRESH_ACCEPT_AHEAD',
    description:
      'Whether to accept a refresh token newer than the database, as after restoring a backup.',
    example: 'true',
    default: 'true',
    read: trueOrFalse,
  },
  ...KEY_VARIABLES,
  auditRetentionSeconds: {
    name: 'AUDIT_RETENTION',
    description: 'How long events are kept, `1d` to `3650d`; older ones are dropped by the day.',
    example: '90d',
    default: '90d',
    read: duration('1d', '3650d'),
  },
  passwordConcurrency: {
    name: 'PASSWORD_CONCURRENCY',
    description: 'Passwords hashed at once, 1 to 64, by each of `WORKERS`.',
    example: '2',
    computedDefault: 'one less than there are cores, by `WORKERS`, at least `1`',
    read: wholeNumber(1, 64),
  },
  passwordQueueLimit: {
    name: 'PASSWORD_QUEUE_LIMIT',
    description: 'Logins that may wait for their turn, 0 to 10000; those beyond it get 503.',
    example: '100',
    default: '100',
    read: wholeNumber(0, 10_000),
  },
  trustedProxies: {
    name: 'TRUSTED_PROXIES',
    description:
      'Comma-separated addresses and networks whose `X-Forwarded-For` is believed; `loopback`, ' +
      '`linklocal` and `uniquelocal` name the usual ones.',
    example: 'loopback,10.0.0.0/8',
    default: '',
    computedDefault: 'none',
    read: networkList,
  },
  redisUrl: {
    name: 'REDIS_URL',
    description: 'Redis that all replicas count limits in, `redis://` or `rediss://`.',
    example: 'redis://:password@cache.example.com:6379/0',
    computedDefault: 'none: each replica counts alone',
    secret: true,
    read: redisUrl,
  },
  ...LIMIT_VARIABLES,
  shutdownDelaySeconds: {
    name: 'SHUTDOWN_DELAY',
    description: 'Time between reporting not ready and closing, `0s` to `10m`.',
    example: '5s',
    default: '0s',
    read: duration('0s', '10m'),
  },
  shutdownTimeoutSeconds: {
    name: 'SHUTDOWN_TIMEOUT',
    description: 'Time that requests under way have to finish, `1s` to `1h`.',
    example: '30s',
    default: '30s',
    read: duration('1s', '1h'),
  },
} satisfies Record<string, Variable<unknown>>
