import { setTimeout as pause } from 'node:timers/promises'
import type { Test } from 'tap'
import type { RevocationOptions } from '../../src/verifier/types.ts'
import { drill, type Figures, rounds } from '../support/drills.ts'
import { type Fleet, startFleet } from '../support/fleet.ts'
import { ISSUER, ORDERS } from '../support/service.ts'
import { type Sibling, startSibling } from '../support/sibling.ts'

const REPLICAS = 3
const LOGOUTS = 1000

/** So many logouts a second, over the replicas in turn. */
const RATE = 15

/** Sessions that nobody logs out. */
const CONTROLS = 50

/** In milliseconds: how long to go on asking after the longest wait that is promised. */
const SLACK = 15_000

/** Each reads the feed of a replica of its own. */
const READERS: readonly { name: string; by: Omit<RevocationOptions, 'url'>; seconds: number }[] = [
  { name: 'stream', by: { by: 'stream' }, seconds: 1 },
  { name: 'poll every 1 s', by: { by: 'poll', pollEvery: 1 }, seconds: 2 },
  { name: 'poll every 30 s', by: { by: 'poll', pollEvery: 30 }, seconds: 40 },
]

drill(
  'logout-latency',
  '1,000 logouts over three replicas, services that verify by the package asked without a pause: the time from the answer of /logout to the first refusal',
  async (t) => {
    const fleet = await startFleet(t, { count: REPLICAS, env: { LOG_LEVEL: 'warn' } })
    const count = rounds(LOGOUTS)
    const sessions = await openSessions(fleet, count)
    const controls = (await openSessions(fleet, CONTROLS)).map(({ accessToken }) => accessToken)
    const watches = await Promise.all(READERS.map((reader, at) => watch(t, fleet, reader, at)))
    for (const one of watches) await one.begin([...controls, sessions[0]?.accessToken ?? ''])

    const began = performance.now()
    for (const [place, { refreshToken, accessToken }] of sessions.entries()) {
      await pause(Math.max(0, began + (place * 1000) / RATE - performance.now()))
      const replica = fleet.replicas[place % REPLICAS] as { url: string }
      for (const one of watches) one.follow(accessToken)
      const answer = await fleet.caller.post(`${replica.url}/logout`, {
        refresh_token: refreshToken,
      })
      const answeredAt = performance.now()
      t.equal(answer.status, 204)
      for (const one of watches) one.answered(accessToken, answeredAt)
    }
    const figures: Figures = { logouts: count }
    for (const one of watches) Object.assign(figures, await one.finish(controls))
    return figures
  },
)

interface Session {
  readonly accessToken: string
  readonly refreshToken: string
}

async function openSessions(fleet: Fleet, count: number): Promise<Session[]> {
  const url = fleet.replicas[0]?.url ?? ''
  const sessions: Session[] = []
  for (const started of await fleet.startSessions(count)) {
    const { status, body } = await fleet.refresh(url, started)
    if (status !== 200) throw new Error(`no tokens: ${status} ${JSON.stringify(body)}`)
    sessions.push({
      accessToken: `${body.access_token}`,
      refreshToken: `${body.refresh_token}`,
    })
  }
  return sessions
}

/** Starts a sibling and asks it about every token that is followed, again and again. */
async function watch(
  t: Test,
  fleet: Fleet,
  { name, by, seconds }: (typeof READERS)[number],
  place: number,
) {
  const { url } = fleet.replicas[place % REPLICAS] as { url: string }
  const sibling: Sibling = await startSibling(t, {
    issuer: ISSUER,
    audience: ORDERS,
    jwksUri: `${url}/.well-known/jwks.json`,
    revocation: { ...by, url: `${url}/.well-known/revocations` },
    tokenCache: 5000,
  })
  const followed = new Set<string>()
  const answeredAt = new Map<string, number>()
  const refusedAt = new Map<string, number>()
  const odd: number[] = []
  let isOver = false
  const look = async () => {
    while (!isOver) {
      const tokens = [...followed]
      const statuses = tokens.length > 0 ? await sibling.askAll(tokens) : []
      const now = performance.now()
      for (const [at, token] of tokens.entries()) {
        const status = statuses[at] as number
        if (status === 401) {
          followed.delete(token)
          refusedAt.set(token, now)
        } else if (status !== 200) odd.push(status)
      }
      await pause(1)
    }
  }
  const looking = look()
  t.teardown(() => {
    isOver = true
  })
  return {
    async begin(tokens: readonly string[]) {
      const statuses = await sibling.askAll(tokens)
      t.strictSame(new Set(statuses), new Set([200]), `${name}: all are good before`)
    },
    follow: (token: string) => void followed.add(token),
    answered: (token: string, at: number) => void answeredAt.set(token, at),
    async finish(controls: readonly string[]): Promise<Figures> {
      const end = performance.now() + seconds * 1000 + SLACK
      while (followed.size > 0 && performance.now() < end) await pause(20)
      isOver = true
      await looking
      const { revocations } = await sibling.stats()
      const missed = answeredAt.size - refusedAt.size
      t.equal(missed, 0, `${name}: none is missed`)
      t.strictSame(odd, [], `${name}: every other answer is 200`)
      const kept = await sibling.askAll(controls)
      t.strictSame(new Set(kept), new Set([200]), `${name}: nobody else is refused`)
      // A refusal may come before /logout has been answered.
      const waits = [...refusedAt].map(([token, at]) =>
        Math.max(0, at - (answeredAt.get(token) ?? at)),
      )
      waits.sort((a, b) => a - b)
      const at = (part: number) =>
        `${(waits[Math.ceil(waits.length * part) - 1] ?? Number.NaN).toFixed(0)} ms`
      return {
        [`${name}: p50`]: at(0.5),
        [`${name}: p99`]: at(0.99),
        [`${name}: longest`]: at(1),
        [`${name}: missed`]: missed,
        [`${name}: fetches`]: revocations.fetches,
      }
    },
  }
}
