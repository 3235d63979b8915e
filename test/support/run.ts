import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbeddedDatabase } from '../../src/db/embedded/database.ts'
import { query, SERVER_VARIABLE, TEMPLATE_VARIABLE, withDatabase } from './database.ts'
import { prepareTemplate } from './template.ts'

/**
 * `npm test`: gives the suite a server (TEST_DATABASE_URL, else an embedded one that is thrown away),
 * a migrated database on it to copy from, and runs tap with whatever arguments it was called with.
 */
async function main(): Promise<number> {
  const given = process.env.TEST_DATABASE_URL
  const server = given === undefined ? await startServer() : { url: given, stop: async () => {} }
  const template = `mintmark_template_${process.pid}`
  try {
    await query(server.url, `create database ${template} template template0`)
    await prepareTemplate(withDatabase(server.url, template))
    return await runTap({ [SERVER_VARIABLE]: server.url, [TEMPLATE_VARIABLE]: template })
  } finally {
    await query(server.url, `drop database if exists ${template} with (force)`)
    await server.stop()
  }
}

async function startServer() {
  const directory = await mkdtemp(join(tmpdir(), 'mintmark-test-'))
  const database = await openEmbeddedDatabase({
    directory,
    mode: 'own',
    owner: `npm test, pid ${process.pid}`,
    throwaway: true,
  })
  return {
    url: database.url,
    async stop() {
      await database.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function runTap(variables: Record<string, string>): Promise<number> {
  const args = ['run', '--disable-coverage', '--reporter=terse', ...process.argv.slice(2)]
  const cache = await mkdtemp(join(tmpdir(), 'mintmark-test-'))
  const env = { ...process.env, ...variables, NODE_ENV: 'test', NODE_COMPILE_CACHE: cache }
  const tap: ChildProcess = spawn('tap', args, { stdio: 'inherit', env })
  // An interrupted run still stops its server: tap gets the signal and ends, and so do we.
  const pass = (signal: NodeJS.Signals) => tap.kill(signal)
  process.on('SIGINT', pass)
  process.on('SIGTERM', pass)
  try {
    return await new Promise((resolve, reject) => {
      tap.on('error', reject)
      tap.on('close', (code) => resolve(code ?? 1))
    })
  } finally {
    await rm(cache, { recursive: true, force: true })
  }
}

process.exitCode = await main()
