import { execFile } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { type EmbeddedDatabase, openEmbeddedDatabase } from '../../src/db/embedded/database.ts'
import { query } from './database.ts'
import { postmasterOf, stateDirectory, until } from './process.ts'

const run = promisify(execFile)

/** A Postgres of the drill's own, at one address whenever it runs, that flushes as in production. */
export interface PrivatePostgres {
  readonly url: string
  readonly directory: string
  start(): Promise<void>
  stop(): Promise<void>
  /** Ends the postmaster as `kill -9` does, and waits until it is gone; its backends follow. */
  crash(): Promise<void>
  /** Changes settings (SQL literals by name) of the whole server, as an operator would. */
  set(settings: Record<string, string>): Promise<void>
  /** Stops, copies the data folder, starts again. Returns how to put the copy in its place. */
  copy(): Promise<() => Promise<void>>
}

/** Starts one; stopped, and its folder removed, at the end of the test. */
export async function createPrivatePostgres(
  t: Test,
  options: { directory?: string } = {},
): Promise<PrivatePostgres> {
  const directory = options.directory ?? (await stateDirectory(t))
  const data = join(directory, 'cluster', 'data')
  const open = () => openEmbeddedDatabase({ directory, mode: 'own', owner: 'a drill' })
  let database: EmbeddedDatabase = await open()
  t.teardown(() => database.close())
  const { url } = database
  const start = async () => {
    database = await open()
  }
  const stop = () => database.close()
  return {
    url,
    directory,
    start,
    stop,
    async crash() {
      const pid = await postmasterOf(directory)
      if (pid === undefined) throw new Error('it does not run')
      process.kill(pid, 'SIGKILL')
      await until('its end', async () => (await postmasterOf(directory)) !== pid)
    },
    async set(settings) {
      for (const [name, value] of Object.entries(settings)) {
        await query(url, `alter system set ${name} = ${value}`)
      }
      await query(url, 'select pg_reload_conf()')
    },
    async copy() {
      const copy = join(directory, 'copy')
      await stop()
      await run('cp', ['-a', data, copy])
      await start()
      return async () => {
        await stop()
        await rm(data, { recursive: true })
        await run('cp', ['-a', copy, data])
        await start()
      }
    },
  }
}
