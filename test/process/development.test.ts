import { execFile, execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import tap, { type Test } from 'tap'
import type { Demo } from '../../src/development/demo.ts'
import { commandProcess } from '../support/cli.ts'
import { query } from '../support/database.ts'
import {
  freePort,
  MAIN,
  post,
  postmasterOf,
  type RunningService,
  startProgram,
  startService,
  stateDirectory,
  until,
  untilAnswered,
} from '../support/process.ts'
import type { Tokens } from '../support/service.ts'
import { usedDirectory } from '../support/used-directory.ts'

const run = promisify(execFile)
const withCurl = {
  skip: canRun('curl') && canRun('bash') ? false : 'curl and bash are not installed',
}

tap.setTimeout(300_000)

tap.test('the first start is ready and tells what is needed to try it', async (t) => {
  const directory = await stateDirectory(t)
  const port = String(await freePort())
  const adminPort = String(await freePort())
  const env = { STATE_DIR: directory, PORT: port, ADMIN_PORT: adminPort }
  const service = await startService(t, env)
  const issuer = `http://localhost:${port}`
  const demo = await readDemo(directory)
  t.match(demo, {
    issuer,
    clients: [
      { client_id: 'web', token_endpoint_auth_method: 'none' },
      {
        client_id: 'backend',
        token_endpoint_auth_method: 'client_secret_basic',
        client_secret: /^.{43,}$/,
      },
      {
        client_id: 'orders-service',
        token_endpoint_auth_method: 'client_secret_post',
        client_secret: /^.{43,}$/,
      },
      {
        client_id: 'admin',
        token_endpoint_auth_method: 'client_secret_basic',
        client_secret: /^.{43,}$/,
      },
    ],
    users: [{ username: 'alice', password: /^.{16,}$/ }],
    database_url: /^postgresql:\/\//,
  })
  t.notOk('client_secret' in (demo.clients[0] as object), 'a public client has no secret')
  t.equal((await stat(join(directory, 'demo.json'))).mode & 0o777, 0o600)
  for (const path of ['/docs', '/.well-known/jwks.json', '/.well-known/oauth-authorization-server'])
    t.match(service.stderr(), `${issuer}${path}\n`)
  t.match(service.stderr(), join(directory, 'demo.json'))
  t.notMatch(service.stdout(), demo.users[0]?.password, 'the log holds no credentials')
  for (const path of ['/docs', '/.well-known/oauth-authorization-server'])
    t.equal((await fetch(`${issuer}${path}`)).status, 200)
  const admin = `http://localhost:${adminPort}`
  t.match(service.stderr(), `${admin}/docs\n`)
  t.equal((await fetch(`${admin}/docs`)).status, 200)
  const { 'x-development': login } = (await (await fetch(`${admin}/openapi.json`)).json()) as {
    'x-development': { access_token: string }
  }
  const headers = { authorization: `Bearer ${login.access_token}` }
  const listed = await (await fetch(`${admin}/sessions`, { headers })).json()
  t.match(listed, { sessions: [{ sub: 'example-of-the-admin-api' }] }, 'its examples work')
})

tap.test('without asking for it, the next port has the admin API, if it is free', async (t) => {
  const directory = await usedDirectory(t)
  const other = createServer().listen(0, 'localhost')
  await once(other, 'listening')
  t.teardown(() => other.close())
  const { port: taken } = other.address() as AddressInfo
  const unset = { STATE_DIR: directory, PORT: String(taken - 1), ADMIN_PORT: '' }
  const without = await startService(t, unset)
  t.match(without.stdout(), /"port":\d+,"msg":"there is no admin API: its port is in use/)
  t.notMatch(without.stderr(), 'Admin API')
  t.equal(await end(without, 'SIGTERM'), 0)

  const env = { STATE_DIR: directory, PORT: String(await freePort()), ADMIN_PORT: `${taken}` }
  const refused = startProgram(t, MAIN, env)
  t.equal(await refused.ended(), 1, 'what was asked for must be had')
  t.match(refused.stderr(), `Port ${taken} is in use: stop the other program, or set ADMIN_PORT`)
  t.notMatch(refused.stdout(), 'listening on', 'the public port has not opened')
})

tap.test('a running service', async (t) => {
  const directory = await usedDirectory(t)
  const service = await startService(t, { STATE_DIR: directory })

  await t.test('the printed commands work as printed', withCurl, async (t) => {
    await tryPrinted(t, service)
  })

  await t.test('a second start says who runs, and leaves it alone', async (t) => {
    const { issuer } = await readDemo(directory)
    const second = startProgram(t, MAIN, { STATE_DIR: directory, PORT: String(await freePort()) })
    t.not(await second.ended(), 0)
    t.match(second.stderr(), `pid ${service.pid}, ${issuer}`)
    t.notMatch(second.stderr(), /\n\s+at /, 'without a stack')
    t.equal((await fetch(`${service.url}/readyz`)).status, 200)
  })

  await t.test('Ctrl-C under npm, which arrives twice, closes it cleanly', async (t) => {
    service.signal('SIGINT')
    await until('the beginning of the end', async () => service.stdout().includes('"closing"'))
    service.signal('SIGINT')
    t.equal(await service.ended(), 0)
    t.equal(await postmasterOf(directory), undefined)
  })
})

tap.test('the printed commands work in a folder of a difficult name', withCurl, async (t) => {
  const directory = await usedDirectory(t, `it's a "folder"`)
  const service = await startService(t, { STATE_DIR: directory })
  await tryPrinted(t, service)
  await end(service, 'SIGTERM')
})

async function tryPrinted(t: Test, service: RunningService) {
  const commands = service.stderr().match(/(?<=^ {2})curl .*$/gm) ?? []
  t.equal(commands.length, 4)
  const answers: string[] = []
  for (const command of commands) {
    answers.push((await run('bash', ['-c', command], { cwd: '/' })).stdout)
  }
  const [loggedIn, refreshed, me, loggedOut] = answers as [string, string, string, string]
  t.match(JSON.parse(loggedIn), { token_type: 'Bearer', refresh_token: /^mm_rt_/ })
  t.match(JSON.parse(refreshed), { token_type: 'Bearer', refresh_token: /^mm_rt_/ })
  t.not(JSON.parse(refreshed).refresh_token, JSON.parse(loggedIn).refresh_token)
  t.match(JSON.parse(me), { client_id: 'web', roles: ['customer'], sub: /^[0-9a-f-]{36}$/ })
  t.match(loggedOut, /^HTTP\/1\.1 204 /)
  const again = await run('bash', ['-c', commands[1] as string])
  t.match(JSON.parse(again.stdout), { error: 'invalid_grant', reason: 'session_revoked' })
}

tap.test('sessions and demo credentials outlive every way to end', async (t) => {
  const directory = await usedDirectory(t)
  const env = { STATE_DIR: directory, PORT: String(await freePort()) }
  let service = await startService(t, env)
  const demo = await readDemo(directory)
  let tokens = await logIn(service, demo)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) {
    const postmaster = await postmasterOf(directory)
    const expected = signal === 'SIGKILL' ? 'SIGKILL' : 0
    t.equal(await end(service, signal), expected, `${signal}: how it ends`)
    const left = await postmasterOf(directory)
    t.equal(left, signal === 'SIGKILL' ? postmaster : undefined, `${signal}: the database left`)
    service = await startService(t, env)
    if (signal === 'SIGKILL') t.equal(await postmasterOf(directory), postmaster, 'is adopted')
    tokens = await refresh(t, service, tokens)
  }
  process.kill((await postmasterOf(directory)) as number, 'SIGKILL')
  await untilAnswered(service, `${service.url}/readyz`, 503)
  t.equal((await fetch(`${service.url}/livez`)).status, 200, 'lives on without its database')
  t.equal(await end(service, 'SIGTERM'), 0, 'and closes without it')
  service = await startService(t, env)
  await refresh(t, service, tokens)
  t.strictSame(await readDemo(directory), demo, 'the demo credentials are the same')
  await logIn(service, demo)
})

tap.test('a port that is taken is said, and the database is stopped', async (t) => {
  const directory = await usedDirectory(t)
  const port = await freePort()
  const other = createServer().listen(port, 'localhost')
  t.teardown(() => other.close())
  const service = startProgram(t, MAIN, { STATE_DIR: directory, PORT: String(port) })
  t.not(await service.ended(), 0)
  t.match(service.stderr(), `Port ${port} is in use`)
  t.notMatch(service.stderr(), /\n\s+at /, 'without a stack')
  t.equal(await postmasterOf(directory), undefined)
})

tap.test('stopped while it starts, it leaves no database behind', async (t) => {
  const directory = await usedDirectory(t)
  const service = startProgram(t, MAIN, { STATE_DIR: directory, PORT: String(await freePort()) })
  await until('the database', () => postmasterOf(directory))
  service.signal('SIGTERM')
  t.equal(await service.ended(), 0)
  t.equal(await postmasterOf(directory), undefined)
})

tap.test('stopped between its two addresses, IPv4 and IPv6, it closes cleanly', async (t) => {
  const directory = await usedDirectory(t)
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGTERM'] as const) {
    const env = { STATE_DIR: directory, PORT: String(await freePort()) }
    const service = startProgram(t, MAIN, env)
    await service.said('listening on')
    service.signal(signal)
    t.equal(await service.ended(), 0, signal)
    t.equal(service.stderr(), '', signal)
    t.equal(await postmasterOf(directory), undefined, signal)
  }
})

tap.test('lost demo credentials are made anew, changed ones are kept', async (t) => {
  const directory = await usedDirectory(t)
  let service = await startService(t, { STATE_DIR: directory })
  const before = await readDemo(directory)
  await query(before.database_url, `delete from clients where client_id = 'backend'`)
  await end(service, 'SIGTERM')
  service = await startService(t, { STATE_DIR: directory })
  const kept = await query(before.database_url, 'select client_id from clients order by client_id')
  t.strictSame(kept, [
    { client_id: 'admin' },
    { client_id: 'orders-service' },
    { client_id: 'web' },
  ])
  await logIn(service, before)
  await end(service, 'SIGTERM')
  await rm(join(directory, 'demo.json'))
  service = await startService(t, { STATE_DIR: directory })
  const after = await readDemo(directory)
  await t.rejects(logIn(service, before), /login_failed/, 'the old password is nobody’s')
  await logIn(service, after)
  t.equal(after.clients.length, 4)
})

tap.test('what is damaged in the state directory is named, or made anew', async (t) => {
  const directory = await usedDirectory(t)
  const env = { STATE_DIR: directory, PORT: String(await freePort()) }
  const demo = join(directory, 'demo.json')
  for (const content of ['', 'no JSON', 'null', '{}']) {
    await writeFile(demo, content)
    const service = await startService(t, env)
    t.equal((await readDemo(directory)).clients.length, 4, `demo.json: ${content}`)
    await logIn(service, await readDemo(directory))
    await end(service, 'SIGTERM')
  }
  const refused = async (place: string, what: RegExp) => {
    const service = startProgram(t, MAIN, env)
    t.equal(await service.ended(), 1, place)
    t.match(service.stderr(), what, place)
    t.match(service.stderr(), join(directory, place), place)
    t.notMatch(service.stderr(), /\n\s+at /, 'without a stack')
    t.equal(await postmasterOf(directory), undefined, place)
  }
  await rm(demo)
  await mkdir(demo)
  await refused('demo.json', /cannot be read/)
  await rm(demo, { recursive: true })
  await writeFile(join(directory, 'master-key'), 'nonsense')
  await refused('master-key', /does not hold a key of 32 bytes/)
  await rm(join(directory, 'cluster'), { recursive: true })
  await mkdir(join(directory, 'cluster'))
  await refused('cluster', /is no database of Mintmark/)
})

tap.test('a demo password that was changed is not announced as the current one', async (t) => {
  const directory = await usedDirectory(t)
  const env = { STATE_DIR: directory, PORT: String(await freePort()) }
  const mintmark = commandProcess(env)
  t.equal((await mintmark(['users', 'set-password', 'alice'])).code, 0)
  const service = await startService(t, env)
  t.match(service.stderr(), 'the password below is not the current one')
})

async function readDemo(directory: string): Promise<Demo> {
  return JSON.parse(await readFile(join(directory, 'demo.json'), 'utf8'))
}

function end(service: RunningService, signal: NodeJS.Signals) {
  service.signal(signal)
  return service.ended()
}

async function logIn(service: RunningService, demo: Demo): Promise<Tokens> {
  const [user] = demo.users
  const answer = await post(service, '/token', {
    grant_type: 'password',
    client_id: 'web',
    username: user?.username ?? '',
    password: user?.password ?? '',
  })
  if (answer.status !== 200) throw new Error(`login: ${answer.status} ${await answer.text()}`)
  return (await answer.json()) as Tokens
}

async function refresh(t: Test, service: RunningService, tokens: Tokens): Promise<Tokens> {
  const { refresh_token } = tokens
  const answer = await post(service, '/refresh', { client_id: 'web', refresh_token })
  const body = (await answer.json()) as Tokens
  t.equal(answer.status, 200, JSON.stringify(body))
  return body
}

function canRun(program: string): boolean {
  try {
    execFileSync(program, ['--version'])
    return true
  } catch {
    return false
  }
}
