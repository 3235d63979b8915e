import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { Redis } from 'ioredis'
import type { Test } from 'tap'
import { freePort, until } from './process.ts'

const PROGRAM = '/usr/bin/redis-server'

/** Why tests that need a Redis are skipped here; false where there is one. */
export const withoutRedis: string | false = existsSync(PROGRAM) ? false : `there is no ${PROGRAM}`

/** A Redis of the test's own, which keeps nothing. */
export interface TestRedis {
  readonly port: number
  readonly url: string
  start(): Promise<void>
  signal(signal: NodeJS.Signals): void
  /** Ends it at once, and with it all it knew. */
  kill(): Promise<void>
  /** How many others are connected. */
  connections(): Promise<number>
}

/** Starts a Redis; killed at the end of the test. */
export async function startRedis(t: Test, password = 'a-redis-password'): Promise<TestRedis> {
  const port = await freePort()
  const url = `redis://:${password}@127.0.0.1:${port}`
  let running: { child: ChildProcess; ended: Promise<unknown> } | undefined
  const ask = async <T>(question: (client: Redis) => Promise<T>): Promise<T> => {
    const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null })
    client.on('error', () => {})
    try {
      await client.connect()
      return await question(client)
    } finally {
      client.disconnect()
    }
  }
  const redis: TestRedis = {
    port,
    url,
    async start() {
      const settings = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--dir', tmpdir()]
      const child = spawn(PROGRAM, [...settings, '--requirepass', password], { stdio: 'ignore' })
      running = { child, ended: once(child, 'exit') }
      await until('Redis', () => ask((client) => client.ping()).catch(() => undefined))
    },
    signal(signal) {
      running?.child.kill(signal)
    },
    async kill() {
      running?.child.kill('SIGKILL')
      await running?.ended
      running = undefined
    },
    async connections() {
      const list = await ask((client) => client.client('LIST'))
      return String(list).trim().split('\n').length - 1
    },
  }
  t.teardown(redis.kill)
  await redis.start()
  return redis
}
