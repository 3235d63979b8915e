import { Redis } from 'ioredis'
import type { RedisAddress } from '../../config/readers.ts'

export interface RedisLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

const OPTIONS = {
  lazyConnect: true,
  connectTimeout: 500,
  commandTimeout: 250,
  maxRetriesPerRequest: 1,
  enableOfflineQueue: false,
  retryStrategy: (attempt: number) => Math.min(attempt * 100, 1_000),
}

/** How often Redis is tried while it is away. In milliseconds. */
const TRIAL_EVERY = 500

/** What counting takes: to run a script that writes. A server that only answers PING is of no use. */
const TRIAL = `return redis.call('set', KEYS[1], '1', 'PX', ARGV[1])`

/**
 * Connects to Redis, and goes on without it. Its first failure, be it a slow answer, is its loss:
 * from then on nobody waits for it, until a trial succeeds. Loss and return are one line each in the log.
 * @param nameSpace what all keys begin with
 */
export async function connectRedis(address: RedisAddress, nameSpace: string, log: RedisLog) {
  const { host, port, username, password, database, tls } = address
  const client = new Redis({
    ...OPTIONS,
    host,
    port,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls && { tls: {} }),
  })
  let state: 'unknown' | 'there' | 'away' = 'unknown'
  let trials: NodeJS.Timeout | undefined

  const lose = (error: unknown) => {
    if (state === 'away') return
    state = 'away'
    // Never the error itself: it has its command, and so perhaps the password.
    log.warn(
      { redis: `${host}:${port}`, reason: reasonOf(error as Error) },
      'no shared counters: this replica limits by its own',
    )
    trials = setInterval(attempt, TRIAL_EVERY).unref()
  }
  const attempt = async () => {
    try {
      // Not left to the library, which goes on in the first database when it may not use this one.
      await client.select(database)
      await client.eval(TRIAL, 1, `${nameSpace}trial`, 1_000)
    } catch (error) {
      return lose(error)
    }
    if (state === 'there') return
    state = 'there'
    clearInterval(trials)
    log.info({}, 'limits are counted in Redis, by all replicas together')
  }

  // With nobody listening an error would end the process.
  client.on('error', lose)
  await client.connect().then(attempt, lose)
  return {
    client,
    async use<T>(ask: () => Promise<T>): Promise<T | undefined> {
      if (state !== 'there') return undefined
      return ask().catch((error: unknown) => {
        lose(error)
        return undefined
      })
    },
    close() {
      clearInterval(trials)
      client.disconnect()
    },
  }
}

/** In the words of an operator, where the library speaks of its own insides. */
function reasonOf({ message }: Error): string {
  if (/enableOfflineQueue|Connection is closed/.test(message)) return 'the connection is lost'
  if (/^(WRONGPASS|NOAUTH)/.test(message)) return 'the user or the password is wrong'
  if (/ssl|tls/i.test(message)) return 'it does not speak TLS as expected'
  return message.replace(/\s+/g, ' ').trim()
}
