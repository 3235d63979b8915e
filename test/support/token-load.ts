import { setTimeout as pause } from 'node:timers/promises'
import type { Test } from 'tap'
import { claimsOf } from './answer.ts'
import { headerOf, type KeyFleet, NotIssued, PACE } from './key-fleet.ts'
import type { Verifier } from './verifiers.ts'

/** What one verifier made of the tokens that it was shown. */
export interface Tally {
  verifications: number
  failures: number
  /** The keys that signed them. */
  readonly kids: Set<string>
}

/** What was seen of a key by its tokens; instants in milliseconds since the epoch. */
export interface Signing {
  readonly alg: string
  /** Not before then was the first one signed, and not after then the last. */
  readonly firstAt: number
  lastAt: number
}

/** Clients of every instance that ask for tokens, each of which every verifier is shown twice. */
export interface TokenLoad {
  /** By the verifier's name. */
  readonly tallies: ReadonlyMap<string, Tally>
  /** By kid. */
  readonly signings: ReadonlyMap<string, Signing>
  /** The first refusals of verifiers, in words. */
  readonly failures: readonly string[]
  /** How many answers of verifiers came when the token had expired, and say nothing. */
  overtaken(): number
  /** How often an instance said 503, or did not answer. */
  unavailable(): number
  /** Every other answer that holds no token. */
  readonly wrong: readonly string[]
  /** How many tokens were issued. */
  issued(): number
  /** From now on nobody need accept what that key has signed. */
  bury(kid: string): void
  /** Stops the clients, and returns when every token has been shown. */
  stop(): Promise<void>
}

/** A client's pause between two tokens. In milliseconds. */
const BREATH = 240
/** So long before it expires a token is shown again. In milliseconds. */
const LATE = 8_000
/** So many failures are kept in words. */
const KEPT = 20

/**
 * Starts a client for every instance and algorithm, and one for every instance that refreshes a
 * session. Ends with the test, at the latest.
 */
export async function startTokenLoad(
  t: Test,
  options: { fleet: KeyFleet; verifiers: readonly Verifier[] },
): Promise<TokenLoad> {
  const { fleet, verifiers } = options
  const { replicas, algorithms } = fleet
  const tallies = new Map(
    verifiers.map(({ name }): [string, Tally] => [
      name,
      { verifications: 0, failures: 0, kids: new Set() },
    ]),
  )
  const signings = new Map<string, Signing>()
  const failures: string[] = []
  const wrong: string[] = []
  const buried = new Set<string>()
  const late: { token: string; at: number }[] = []
  let issued = 0
  let unavailable = 0
  let overtaken = 0
  let stopped = false

  const show = async (token: string, when: string) => {
    const { kid, alg } = headerOf(token)
    const expiresAt = Number(claimsOf(token).exp) * 1000
    const able = verifiers.filter((verifier) => verifier.algorithms.includes(alg))
    await Promise.all(
      able.map(async ({ name, verify }) => {
        const why = await verify(token)
        if (buried.has(kid)) return
        if (why !== undefined && Date.now() >= expiresAt) {
          overtaken += 1
          return
        }
        const tally = tallies.get(name) as Tally
        tally.verifications += 1
        tally.kids.add(kid)
        if (why === undefined) return
        tally.failures += 1
        const at = new Date().toISOString()
        if (failures.length < KEPT) failures.push(`${at} ${name}, ${when}, ${alg} ${kid}: ${why}`)
      }),
    )
  }

  const take = async (get: () => Promise<string>) => {
    const askedAt = Date.now()
    const token = await get().catch((error: unknown) => {
      if (error instanceof NotIssued && error.status !== 503) wrong.push(error.message)
      else unavailable += 1
    })
    if (token === undefined) return
    issued += 1
    const { kid, alg } = headerOf(token)
    const signing = signings.get(kid) ?? { alg, firstAt: askedAt, lastAt: askedAt }
    signings.set(kid, signing)
    signing.lastAt = Math.max(signing.lastAt, Date.now())
    const expiresAt = Number(claimsOf(token).exp) * 1000
    late.push({ token, at: Math.min(expiresAt, askedAt + PACE.accessTokenTtl * 1000) - LATE })
    await show(token, 'at once')
  }
  const call = async (get: () => Promise<string>) => {
    while (!stopped) {
      await take(get)
      await pause(BREATH)
    }
  }
  const callLate = async () => {
    while (!stopped || late.length > 0) {
      const now = Date.now()
      const due = late.filter(({ at }) => at <= now)
      late.splice(0, late.length, ...late.filter(({ at }) => at > now))
      await Promise.all(due.map(({ token }) => show(token, 'near its end')))
      await pause(BREATH)
    }
  }

  const sessions = await Promise.all(replicas.map((replica) => fleet.startSessions(1, replica)))
  const refreshing = replicas.map((_, place) => {
    let [refreshToken = ''] = sessions[place] ?? []
    let turn = place
    return call(async () => {
      turn += 1
      const { url } = replicas[turn % replicas.length] as { url: string }
      const { status, body } = await fleet.refresh(url, refreshToken)
      if (status !== 200) throw new NotIssued(status, body)
      refreshToken = `${body.refresh_token}`
      return `${body.access_token}`
    })
  })
  // By its place: a drill may put another instance there.
  const asking = replicas.flatMap((_, place) =>
    algorithms.map((algorithm) =>
      call(() => fleet.issue(replicas[place] as { url: string }, algorithm)),
    ),
  )
  const ending = Promise.all([...refreshing, ...asking, callLate()])
  const stop = async () => {
    stopped = true
    await ending
  }
  t.teardown(stop)
  return {
    tallies,
    signings,
    failures,
    wrong,
    overtaken: () => overtaken,
    unavailable: () => unavailable,
    issued: () => issued,
    bury: (kid) => buried.add(kid),
    stop,
  }
}
