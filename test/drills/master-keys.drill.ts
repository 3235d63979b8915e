import type { Test } from 'tap'
import { describeRefreshToken } from '../../src/sessions/refresh-token.ts'
import { commandLine } from '../support/cli.ts'
import { figuresOf, startSession } from '../support/deployment.ts'
import { drill, rounds } from '../support/drills.ts'
import {
  freePort,
  MAIN,
  post,
  production,
  type RunningService,
  startProgram,
  startService,
  untilAnswered,
} from '../support/process.ts'
import { createSeededRandom } from '../support/random.ts'
import { type Chain, type RefreshLoad, startRefreshLoad } from '../support/refresh-load.ts'
import { createTestService } from '../support/service.ts'
import { TEST_MASTER_KEY } from '../support/template.ts'

const OLD = `1:${TEST_MASTER_KEY.key.toString('base64')}`
const NEW = `2:${createSeededRandom('the new master key').bytes(32).toString('base64')}`

const ENV = {
  LOG_LEVEL: 'warn',
  RATE_LIMIT_REFRESH: 'off',
  // For so long whoever balances the load may go on sending requests to a replica that will close.
  SHUTDOWN_DELAY: '3s',
}

interface Report {
  keys: { outcome: string }[]
  others: { id: number; sessions: number; needed_until: string | null; removable: boolean }[]
}

const WHAT =
  'one master key replaced by another on three instances under load, restarted one at a time'

drill('master-keys', WHAT, async (t) => {
  const setup = await createTestService(t)
  const [{ clientId }, backend] = [await setup.addClient(), await setup.addBackend()]
  const start = (MASTER_KEYS: string) =>
    startService(t, production(setup.databaseUrl, { ...ENV, MASTER_KEYS }))
  const reencrypt = async (MASTER_KEYS: string): Promise<Report> => {
    const env = production(setup.databaseUrl, { MASTER_KEYS })
    return (await commandLine(env)(['keys', 'reencrypt', '--json'])).json<Report>()
  }
  // Those that requests are sent to.
  const replicas = [await start(OLD), await start(OLD), await start(OLD)]
  let restarts = 0
  const restartAll = async (masterKeys: string) => {
    for (const replica of [...replicas]) {
      await drain(t, replica, replicas)
      replicas.push(await start(masterKeys))
      restarts += 1
    }
  }
  const startChains = async (name: string) => {
    const chains: Chain[] = []
    while (chains.length < rounds(8)) {
      const sub = `${name}-${chains.length}`
      chains.push(await startSession(replicas[0] as RunningService, backend, clientId, sub))
    }
    return chains
  }
  const keySets = async () =>
    Promise.all(replicas.map(async ({ url }) => (await fetch(`${url}${JWKS}`)).text()))

  const before = await startChains('before')
  const firstValue = before[0]?.refreshToken as string
  const published = await keySets()
  const load = startRefreshLoad(t, replicas, before)
  await restartAll(`${OLD},${NEW}`)
  await restartAll(`${NEW},${OLD}`)
  const done = await reencrypt(`${NEW},${OLD}`)
  await load.succeededAfter(Date.now())
  t.ok(done.keys.every(({ outcome }) => outcome === 'reencrypted'))
  t.match(done.others, [{ id: 1, sessions: before.length, removable: false }])
  const after = await startChains('after')
  await requireNoError(t, load)
  t.ok(before.every(({ refreshToken }) => describeRefreshToken(refreshToken)?.masterKeyId === 2))

  // What the command wants before the old one goes: no session from before.
  for (const { refreshToken } of before) {
    const [replica] = replicas as [RunningService]
    t.equal((await post(replica, '/logout', { refresh_token: refreshToken })).status, 204)
  }
  t.match(await reencrypt(`${NEW},${OLD}`), { keys: [], others: [{ id: 1, removable: true }] })
  const rest = startRefreshLoad(t, replicas, after)
  await restartAll(`${NEW},1:retired`)
  await rest.succeededAfter(Date.now())
  await requireNoError(t, rest)
  t.equal(new Set([...published, ...(await keySets())]).size, 1, 'the keys have stayed the same')

  const refresh = async (replica: RunningService) => {
    const form = { client_id: clientId, refresh_token: firstValue }
    return (await post(replica, '/refresh', form)).json()
  }
  t.match(await refresh(replicas[0] as RunningService), { reason: 'refresh_unknown' })
  t.match(await refresh(await start(NEW)), { reason: 'master_key_missing' })
  const PORT = String(await freePort())
  const env = production(setup.databaseUrl, { ...ENV, MASTER_KEYS: OLD, PORT })
  const refused = startProgram(t, MAIN, env)
  t.equal(await refused.ended(), 1)
  t.match(refused.stderr(), /^MASTER_KEYS holds no key with id 2, which sealed signing key /)

  return {
    'restarts under load': restarts,
    'signing keys encrypted anew': done.keys.length,
    ...sum(figuresOf(load), figuresOf(rest)),
    'a replica without the old one': 'starts',
    'with the old one alone': 'refused',
  }
})

const JWKS = '/.well-known/jwks.json'

/** Ends a replica as a deployment does: nothing is sent there any more once it says not ready. */
async function drain(t: Test, replica: RunningService, replicas: RunningService[]): Promise<void> {
  replica.signal('SIGTERM')
  await untilAnswered(replica, `${replica.url}/readyz`, 503)
  replicas.splice(replicas.indexOf(replica), 1)
  t.equal(await replica.ended(), 0)
}

/** Stops the load, which must have met nothing but successes. */
async function requireNoError(t: Test, load: RefreshLoad): Promise<void> {
  t.strictSame(await load.stop(), [], 'every chain goes on')
  t.strictSame([...new Set(load.wrong)].slice(0, 5), [], 'no wrong answer')
  t.strictSame([...load.reasons], [], 'nothing was unavailable')
  t.match(load.counts, { unavailable: 0, brokenConnections: 0 }, 'and no other error')
}

function sum(a: Record<string, number>, b: Record<string, number>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(a).map(([name, value]) => [name, value + (b[name] ?? 0)]),
  )
}
