import { existsSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type EmbeddedDatabase,
  EmbeddedDatabaseInUse,
  openEmbeddedDatabase,
} from '../../src/db/embedded/database.ts'
import { query, withDatabase } from './query.ts'

/** The Postgres of the bench: one server for all contestants, a database each. */
export interface Cluster {
  /** Of the maintenance database, for what concerns the whole server. */
  readonly url: string
  /** Process id of the postmaster. */
  readonly pid: number
  /** Makes an empty database and returns its URL. */
  createDatabase(name: string): Promise<string>
  /** Drops one, whoever still uses it. */
  dropDatabase(name: string): Promise<void>
  /** Stops the server and removes its folder. */
  close(): Promise<void>
}

/**
 * Settings as somebody who runs Postgres in production would have them. Above all it flushes: an
 * answer is only given when what it tells of is on the disk.
 */
export const SETTINGS = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  wal_compression: 'on',
  shared_buffers: '512MB',
  max_wal_size: '4GB',
  checkpoint_timeout: '15min',
  max_connections: '200',
}

/**
 * Starts a Postgres of the bench's own in `directory`; what an earlier one has left there is removed.
 * Rejects when the embedded binaries are not installed or cannot be run here, and when another bench
 * is at work in the directory.
 */
export async function startCluster(directory: string): Promise<Cluster> {
  const open = () => openEmbeddedDatabase({ directory, mode: 'own', owner: 'npm run bench' })
  if (existsSync(directory)) await stopLeftOver(open)
  await rm(directory, { recursive: true, force: true })
  const first = await open()
  for (const [name, value] of Object.entries(SETTINGS)) {
    await query(first.url, `alter system set ${name} = '${value}'`)
  }
  // Some of them count from a start on.
  await first.close()
  const database = await open()
  const pidFile = await readFile(join(directory, 'cluster', 'data', 'postmaster.pid'), 'utf8')
  return {
    url: database.url,
    pid: Number.parseInt(pidFile, 10),
    async createDatabase(name) {
      await query(database.url, `create database ${name} template template0`)
      return withDatabase(database.url, name)
    },
    async dropDatabase(name) {
      await query(database.url, `drop database ${name} with (force)`)
    },
    async close() {
      await database.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** A bench that was ended by force may have left its server running. */
async function stopLeftOver(open: () => Promise<EmbeddedDatabase>): Promise<void> {
  const database = await open().catch((error: Error) => {
    if (error instanceof EmbeddedDatabaseInUse) throw error
  })
  await database?.close()
}
