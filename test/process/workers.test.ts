import { Agent, request } from 'node:http'
import tap from 'tap'
import { startSession } from '../support/deployment.ts'
import { production, type RunningService, startService, until } from '../support/process.ts'
import { type Chain, startRefreshLoad } from '../support/refresh-load.ts'
import { createTestService } from '../support/service.ts'
import { isAlive } from '../support/workers.ts'

tap.setTimeout(300_000)

const SESSIONS = 6
const REPLACED = 'every worker was replaced'

tap.test('one service of two workers', async (t) => {
  const setup = await createTestService(t)
  const client = await setup.addClient()
  const backend = await setup.addBackend()
  const service = await startService(
    t,
    production(setup.databaseUrl, { WORKERS: '2', RATE_LIMIT_LOGIN_ACCOUNT: '4/1h' }),
  )
  await until('both', async () => workersOf(service).length === 2)
  const chains: Chain[] = []
  while (chains.length < SESSIONS) {
    chains.push(await startSession(service, backend, client.clientId, `user-${chains.length}`))
  }

  await t.test('each answers, and says in its log who it is', async (t) => {
    await until('an answer of each', async () => {
      await askAnew(`${service.url}/livez`)
      return answering(service).size === 2
    })
    t.strictSame(
      [...answering(service)].sort(),
      workersOf(service).map(({ worker }) => worker),
    )
    t.notOk(pidsOf(service).includes(service.pid), 'the first process serves nothing')
  })

  await t.test('they count guesses together', async (t) => {
    const statuses: number[] = []
    for (let guess = 1; guess <= 12; guess += 1) {
      const login = { grant_type: 'password', client_id: client.clientId, username: 'alice' }
      const body = new URLSearchParams({ ...login, password: `${guess}` })
      statuses.push(await askAnew(`${service.url}/token`, body))
    }
    const tried = statuses.filter((status) => status === 400).length
    // One more where the other worker was too busy to listen.
    t.ok(tried === 4 || tried === 5, `${tried} passwords were tried`)
    t.equal(statuses.filter((status) => status === 429).length, 12 - tried)
  })

  await t.test('SIGHUP replaces both while they are asked, and no request is lost', async (t) => {
    const before = pidsOf(service)
    const load = startRefreshLoad(t, [service], chains)
    await load.succeededAfter(0)
    service.signal('SIGHUP')
    await service.said(REPLACED)
    t.strictSame(await load.stop(), [], 'every session goes on')
    const { brokenConnections, unavailable, rotated } = load.counts
    t.strictSame([brokenConnections, unavailable, load.wrong], [0, 0, []], 'nobody noticed')
    t.ok(rotated > 0)
    t.equal(pidsOf(service).length, 4)
    for (const pid of before) t.notOk(isAlive(pid), 'the old ones have ended')
  })

  await t.test('one that is killed is replaced, and no session is lost', async (t) => {
    const [victim] = pidsOf(service).slice(-1)
    const load = startRefreshLoad(t, [service], chains)
    await load.succeededAfter(0)
    process.kill(victim as number, 'SIGKILL')
    await until('another one', async () => workersOf(service).length === 5)
    t.strictSame(await load.stop(), [], 'every session goes on')
    t.strictSame(load.wrong, [])
    t.match(service.stdout(), `"ended_pid":${victim},"code":null,"signal":"SIGKILL"`)
  })

  await t.test('SIGTERM ends all with 0', async (t) => {
    service.signal('SIGTERM')
    t.equal(await service.ended(), 0)
    for (const pid of pidsOf(service)) t.notOk(isAlive(pid))
    t.equal(service.stderr(), '')
  })
})

interface Line {
  readonly pid: number
  readonly worker: number
  readonly msg: string
}

function linesOf(service: RunningService): Line[] {
  // The last one may not be whole yet.
  return service
    .stdout()
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))
}

/** Those that were ever ready, in the order in which they were. */
function workersOf(service: RunningService): Line[] {
  return linesOf(service).filter(({ msg }) => msg === 'ready')
}

const pidsOf = (service: RunningService) => workersOf(service).map(({ pid }) => pid)

/** Who has answered `/livez`. */
function answering(service: RunningService): Set<number> {
  const lines = linesOf(service) as (Line & { route?: string })[]
  return new Set(lines.filter(({ route }) => route === '/livez').map(({ worker }) => worker))
}

/** Asks on a connection of its own; returns the status. */
async function askAnew(url: string, body?: URLSearchParams): Promise<number> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const method = body === undefined ? 'GET' : 'POST'
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const asked = request(url, { agent: new Agent(), method, headers }, (answer) => {
    answer.resume().on('end', () => resolve(answer.statusCode ?? 0))
  })
  asked.on('error', reject).end(body?.toString())
  return promise
}
