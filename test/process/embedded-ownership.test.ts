import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import tap, { test } from 'tap'
import { type EmbeddedDatabase, EmbeddedDatabaseInUse } from '../../src/db/embedded/database.ts'
import { runningPostmaster } from '../../src/db/embedded/postmaster.ts'
import {
  another,
  dataOf,
  open,
  query,
  type Report,
  recall,
  remember,
  report,
  stateDirectory,
  usedDirectory,
} from './fixtures/embedded.ts'

// A dozen servers are started one after the other.
tap.setTimeout(300_000)

test('nobody else can reach the database', async (t) => {
  const directory = await usedDirectory(t)
  const database = await open(directory)
  t.equal((await stat(directory)).mode & 0o007, 0)
  t.equal((await stat(join(directory, 'cluster', 'password'))).mode & 0o777, 0o600)
  t.equal((await stat(join(directory, 'socket'))).mode & 0o777, 0o700)
  const tcp = await query(database, `select current_setting('listen_addresses')`)
  t.strictSame(tcp, [['']])
  const url = new URL(database.url)
  url.password = 'a-guess'
  await t.rejects(query({ url: url.href }, 'select 1'), { code: '28P01' })
  await database.close()
})

test('a second owner is refused and told who the first is', async (t) => {
  const directory = await usedDirectory(t)
  const line = "mintmark serve, pid 4711, http://localhost:3000 -- 'quoted'"
  const first = await open(directory, 'own', line)
  const refusal = await open(directory, 'own', 'second').catch((error: unknown) => error)
  t.type(refusal, EmbeddedDatabaseInUse)
  t.equal((refusal as EmbeddedDatabaseInUse).owner, line)
  t.match((refusal as Error).message, line)
  t.strictSame(await query(first, 'select 1'), [[1]], 'the first goes on undisturbed')
  await first.close()
})

test('a start during the shutdown of the previous owner waits for it', async (t) => {
  const directory = await usedDirectory(t)
  const first = await open(directory)
  await remember(first)
  const closing = first.close()
  const second = await open(directory)
  await closing
  t.strictSame(await recall(second), [[42]])
  await second.close()
})

test('the database of a process that died is taken over', async (t) => {
  const directory = await usedDirectory(t)
  const child = another(t, directory)
  const orphaned = await report(child)
  await remember(orphaned)
  const server = await runningPostmaster(dataOf(directory))
  child.kill('SIGKILL')
  const database = await open(directory)
  t.equal(database.takenOver, true)
  t.equal(database.created, false)
  t.strictSame(await runningPostmaster(dataOf(directory)), server, 'the same server')
  t.strictSame(await recall(database), [[42]])
  await t.rejects(open(directory), EmbeddedDatabaseInUse, 'and is owned again')
  await database.close()
  t.equal(await runningPostmaster(dataOf(directory)), undefined)
})

test('Ctrl-C at the terminal leaves the database to the service', async (t) => {
  const directory = await usedDirectory(t)
  const child = another(t, directory)
  await report(child)
  process.kill(-(child.pid as number), 'SIGINT')
  t.strictSame(await report(child), { answered: true })
  t.equal(await runningPostmaster(dataOf(directory)), undefined)
})

test('of two first starts at once, one owns', async (t) => {
  const directory = await stateDirectory(t)
  const children = [another(t, directory), another(t, directory)]
  const reports = await Promise.all(children.map(report))
  const owners = reports.filter(({ url }) => url !== undefined)
  const refused = reports.filter(({ name }) => name === 'EmbeddedDatabaseInUse')
  t.equal(owners.length, 1)
  t.equal(refused.length, 1, JSON.stringify(reports.map(({ message }) => message)))
  t.strictSame(await query(owners[0] as Report, 'select 1'), [[1]])
  t.strictSame((await readdir(directory)).sort(), ['cluster', 'postgres.log', 'socket'])
})

test('a command shares the database of the service and leaves it running', async (t) => {
  const directory = await usedDirectory(t)
  const service = await open(directory)
  const command = await open(directory, 'share')
  await remember(command)
  await command.close()
  t.strictSame(await recall(service), [[42]])
  await service.close()
})

test('a command alone starts the database for its time', async (t) => {
  const directory = await stateDirectory(t)
  const command = await open(directory, 'share')
  t.equal(command.created, true)
  await remember(command)
  await command.close()
  t.equal(await runningPostmaster(dataOf(directory)), undefined)
})

test('the database that a command started stays while it is used', async (t) => {
  const directory = await usedDirectory(t)
  const command = await open(directory, 'share')
  const later = await open(directory, 'share')
  await remember(command)
  await command.close()
  t.strictSame(await recall(later), [[42]], 'by another command')
  const service = await open(directory)
  await later.close()
  t.strictSame(await recall(service), [[42]], 'by a service')
  await service.close()
  t.equal(await runningPostmaster(dataOf(directory)), undefined)
})

test('two commands that end at once leave nothing running', async (t) => {
  const directory = await stateDirectory(t)
  const commands = await Promise.all([open(directory, 'share'), open(directory, 'share')])
  await Promise.all(commands.map((command) => command.close()))
  t.equal(await runningPostmaster(dataOf(directory)), undefined)
})

test('an owner whose connection was cut still stops its server, but not a successor’s', async (t) => {
  const directory = await usedDirectory(t)
  const cutOff = async (database: EmbeddedDatabase) => {
    await query(
      database,
      `select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = 'postgres'`,
    )
  }
  const first = await open(directory)
  await cutOff(first)
  const successor = await open(directory)
  t.equal(successor.takenOver, true)
  await first.close()
  t.strictSame(await query(successor, 'select 1'), [[1]])
  await cutOff(successor)
  await successor.close()
  t.equal(await runningPostmaster(dataOf(directory)), undefined)
})
