import { setTimeout as pause } from 'node:timers/promises'
import { commandProcess } from '../support/cli.ts'
import { query } from '../support/database.ts'
import { createDeployment, requireUnharmed, spread } from '../support/deployment.ts'
import { drill, rounds } from '../support/drills.ts'
import { createPrivatePostgres } from '../support/private-postgres.ts'
import { post, production, type RunningService, untilAnswered } from '../support/process.ts'
import { type Chain, startRefreshLoad } from '../support/refresh-load.ts'

const SESSIONS = 200
const LOGGED_OUT = 20
const REUSED = 5
const STARTED_SINCE = 15

/** A token that has so many successors is no late one, however soon it comes. */
const TOO_OLD = 4

/** How long sessions rotate before the restore point, and since. In milliseconds. */
const LENGTH = rounds(8_000)

/**
 * Makes all that is there five minutes older, just before it is copied: so the copy is of five minutes
 * ago without anybody having waited for them.
 */
const AGE = `
  update sessions set created_at = created_at - interval '5 min',
    rotated_at = rotated_at - interval '5 min', last_used_at = last_used_at - interval '5 min',
    idle_expires_at = idle_expires_at - interval '5 min', expires_at = expires_at - interval '5 min';
  update events set at = at - interval '5 min'`

drill(
  'restore',
  `the database restored to five minutes earlier under ${SESSIONS} live sessions: stopped, its files replaced by a copy, started, while 3 processes serve`,
  async (t) => {
    const postgres = await createPrivatePostgres(t)
    const deployment = await createDeployment(t, {
      postgres,
      processes: 3,
      sessions: SESSIONS,
      env: { LOG_LEVEL: 'info' },
    })
    const { services, chains } = deployment
    const service = services[0] as RunningService
    const refresh = async (chain: Chain) => {
      const form = { client_id: chain.clientId, refresh_token: chain.refreshToken }
      const body = (await (await post(service, '/refresh', form)).json()) as {
        refresh_token?: string
        reason?: string
      }
      chain.refreshToken = body.refresh_token ?? chain.refreshToken
      return body.reason ?? 'alive'
    }
    const generations = async () => {
      const rows = await query(postgres.url, 'select id, generation from sessions')
      return new Map(rows.map(({ id, generation }) => [String(id), Number(generation)]))
    }
    const load = async (which: readonly Chain[], meanwhile: () => Promise<unknown>) => {
      const running = startRefreshLoad(t, services, which)
      await meanwhile()
      const harm = await requireUnharmed(t, { ...deployment, chains: which }, running)
      return { ...running.counts, lost: harm['sessions lost'] }
    }

    await load(chains, () => pause(LENGTH))
    await query(postgres.url, AGE)
    const [restored, restore] = [await generations(), await postgres.copy()]
    await untilAnswered(service, `${service.url}/readyz`)

    // What the copy does not know of.
    await load(chains, () => pause(LENGTH))
    const loggedOut = chains.slice(0, LOGGED_OUT)
    for (const { refreshToken } of loggedOut) {
      await post(service, '/logout', { refresh_token: refreshToken })
    }
    const stolen = chains.slice(LOGGED_OUT, LOGGED_OUT + REUSED)
    for (const chain of stolen) {
      const theft = { ...chain }
      for (let use = 0; use < TOO_OLD; use += 1) await refresh(chain)
      t.equal(await refresh(theft), 'refresh_reused')
    }
    const ended = [...loggedOut, ...stolen]
    const since: Chain[] = []
    while (since.length < STARTED_SINCE) since.push(await deployment.start())

    const alive = chains.slice(ended.length)
    let unknownRotations: number[] = []
    const counts = await load(alive, async () => {
      const last = await generations()
      unknownRotations = alive.map(({ sid }) => (last.get(sid) ?? 0) - (restored.get(sid) ?? 0))
      await restore()
      await untilAnswered(service, `${service.url}/readyz`)
      await pause(LENGTH)
    })

    const mintmark = commandProcess(production(postgres.url))
    const gone = await Promise.all(since.map(refresh))
    t.strictSame([...new Set(gone)], ['refresh_unknown'], 'nobody knows them')
    const revived = (await Promise.all(ended.map(refresh))).filter((one) => one === 'alive')
    t.equal(revived.length, ended.length, 'the gap: whoever was logged out is logged in')
    const status = await mintmark(['restored', 'status', '--json'])
    t.equal(status.code, 1)
    t.match((await mintmark(['doctor'])).stdout, /✗ restore: the database was set back/)
    const log = services.map((one) => one.stdout()).join('')
    const warnings = log.split('mintmark restored status').length - 1
    t.equal(warnings, services.length, 'each process warned once')

    const close = ['restored', 'close', '--from-log', '-', '--json']
    const closed = await mintmark(close, { stdin: log })
    t.match(closed.json(), { ended: ended.length })
    const reasons = await Promise.all(ended.map(refresh))
    t.strictSame(new Set(reasons), new Set(['session_revoked', 'refresh_reused']))
    t.equal((await mintmark(['restored', 'status'])).code, 0)
    await load(alive, () => pause(1_000))

    const told = status.json<{
      sessions_ahead: number
      may_be_lost: { from: string; to: string }
    }>()
    const { from, to } = told.may_be_lost
    return {
      'sessions alive at the restore point and since': alive.length,
      'of these logged out': counts.lost,
      'rotations the restored database did not know of, a session (least / median / most)':
        spread(unknownRotations),
      'refreshes answered as recovered (ahead)': counts.recovered,
      '503 while it was restored': counts.unavailable,
      'sessions started since, gone (refresh_unknown)': gone.length,
      'ends lost: logouts and reuse found, alive again': revived.length,
      'sessions ahead, as told by restored status': told.sessions_ahead,
      'gap in seconds, as told': Math.round((Date.parse(to) - Date.parse(from)) / 1000),
      'warnings, of 3 processes': warnings,
      'ended again by restored close --from-log': Number(closed.json().ended),
      'alive again after it': reasons.filter((one) => one === 'alive').length,
    }
  },
)
