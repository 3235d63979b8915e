import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { pipeline } from 'node:stream'
import { openEmbeddedDatabase } from '../src/db/embedded/database.ts'

// A Postgres for scripts: node scripts/throwaway-postgres.ts FOLDER PORT runs the embedded one in
// FOLDER, prints its URL, and ends it at SIGTERM. Other users must reach it, and they cannot see its
// socket: hence the port, on 127.0.0.1.
const [directory, port] = process.argv.slice(2)
if (directory === undefined || port === undefined) {
  throw new Error('Usage: node scripts/throwaway-postgres.ts FOLDER PORT')
}
const owner = 'scripts/throwaway-postgres'
const database = await openEmbeddedDatabase({ directory, mode: 'own', owner, throwaway: true })
const url = new URL(database.url)
const socket = join(url.searchParams.get('host') ?? '', `.s.PGSQL.${url.port}`)
const door = createServer((client) => {
  pipeline(client, connect(socket), client, () => {})
})
door.listen(Number(port), '127.0.0.1', () => {
  url.search = ''
  console.log(Object.assign(url, { host: `127.0.0.1:${port}` }).href)
})
process.once('SIGTERM', async () => {
  door.close()
  await database.close()
  process.exit()
})
