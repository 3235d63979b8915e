import { Redis } from 'ioredis'

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
export async function connectRedis(url: string, nameSpace: string, log: RedisLog) {
  const client = new Redis(url, OPTIONS)
  let state: 'unknown' | 'there' | 'away' = 'unknown'
  let trials: NodeJS.Timeout | undefined

  const lose = (error: unknown) => {
    if (state === 'away') return
    state = 'away'
    // Never the error itself: it has its command, and so perhaps the password.
    const { message } = error as Error
    log.warn({ reason: message }, 'no shared counters: this replica limits by its own')
    trials = setInterval(attempt, TRIAL_EVERY).unref()
  }
  const attempt = async () => {
    try {
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
