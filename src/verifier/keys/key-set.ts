import { atMost } from '../at-most.ts'
import { VerifyError } from '../errors.ts'
import { byTimers, type Schedule } from '../schedule.ts'
import { shown } from '../shown.ts'
import type { StaleEvent, VerifierStats } from '../types.ts'
import type { FetchedKeys } from './fetch-keys.ts'
import type { KeySource } from './key-source.ts'
import { createLookups, tellOf } from './lookups.ts'
import type { VerifyKey } from './verify-key.ts'

/** The keys of the issuer, as far as they are known; fetched when they are needed, and in good time. */
export interface KeySet {
  /** At once, and without a fetch in the way; undefined when it is not known, or what is known is too old. */
  find(kid: string): VerifyKey | undefined
  /**
   * Looks for a key that `find` did not have. Throws VerifyError: `kid_unknown` when the issuer, asked since the
   * token was made, does not have it; `jwks_unavailable` when it could not be asked, or may not be so soon.
   * @param madeAt seconds since the epoch, as the token says; whoever lies about it is told 503 for 401
   */
  seek(kid: string, madeAt: number): Promise<VerifyKey>
  /** Fetches the keys unless some are there. Throws VerifyError: `jwks_unavailable`. */
  ready(): Promise<void>
  /** Fetches the keys anew because a key was revoked, unless that was done just now. */
  renew(): void
  stats(): VerifierStats['jwks']
  close(): void
}

export interface KeySetOptions {
  readonly source: KeySource
  /** Keys to begin with. */
  readonly seed: (() => Promise<ReadonlyMap<string, VerifyKey>>) | undefined
  /** In seconds, as all lengths here. */
  readonly jwksMaxAge: number
  readonly staleIfError: number
  readonly unknownKidCooldown: number
  /** Milliseconds since the epoch. */
  readonly clock: () => number
  readonly onStale: (event: StaleEvent) => void
  /** In milliseconds: how long a token waits for a fetch. */
  readonly patience: number
  readonly schedule?: Schedule
}

/** What the issuer says of the age of its keys is believed between a minute and a day, in seconds. */
const SHORTEST_AGE = 60
const LONGEST_AGE = 86_400
/** Fetched anew at this part of their age, so that a failure leaves time for more tries. */
const RENEWED_AT = 0.75
/** In milliseconds: how long a start waits at most; the fetch gives up before. */
const START = 600_000
/** While nothing is known at all, the issuer is asked again after so many milliseconds, then twice as many. */
const SHORTEST_PAUSE = 1000

export function createKeySet(options: KeySetOptions): KeySet {
  const { source, seed, clock, onStale, schedule = byTimers } = options
  const coolDown = options.unknownKidCooldown * 1000
  const lookups = createLookups(coolDown, clock)
  let keys: ReadonlyMap<string, VerifyKey> = new Map()
  /** Instants in milliseconds since the epoch: when they were fetched, which began at, are to be, are old, are too old. */
  let fetchedAt: number | undefined
  let beganAt = Number.NEGATIVE_INFINITY
  let renewAt = Number.NEGATIVE_INFINITY
  let oldAt = Number.NEGATIVE_INFINITY
  let uselessAt = Number.NEGATIVE_INFINITY
  let quietUntil = Number.NEGATIVE_INFINITY
  let failure: string | undefined
  let pending: Promise<void> | undefined
  let seeding: Promise<void> | undefined
  let isStale = false
  let isClosed = false
  let callOff = () => {}
  let fetches = 0
  let failures = 0
  let inVain = 0

  function take(fetched: FetchedKeys): void {
    const { jwksMaxAge, staleIfError } = options
    const age =
      fetched.maxAge === undefined
        ? jwksMaxAge
        : Math.min(Math.max(fetched.maxAge, SHORTEST_AGE), LONGEST_AGE)
    keys = fetched.keys ?? keys
    fetchedAt = clock()
    renewAt = fetchedAt + age * RENEWED_AT * 1000
    oldAt = fetchedAt + age * 1000
    uselessAt = oldAt + staleIfError * 1000
    failure = undefined
    inVain = 0
    if (isStale) tell(false)
  }

  function fail(error: unknown): void {
    failures += 1
    failure = error instanceof Error ? error.message : String(error)
    quietUntil = clock() + pause()
    renewAt = quietUntil
    if (!isClosed && !isStale && clock() >= oldAt) tell(true)
  }

  /** Without keys everybody waits: an issuer that starts after its siblings is soon found. */
  function pause(): number {
    if (clock() < uselessAt) return coolDown
    inVain += 1
    return Math.min(coolDown, SHORTEST_PAUSE * 2 ** (inVain - 1))
  }

  function tell(stale: boolean): void {
    isStale = stale
    onStale({ what: 'jwks', stale, ageSeconds: ageSeconds(), reason: failure })
  }

  /** One fetch at a time. Never rejects. */
  function load(isForUnknown = false): Promise<void> {
    fetches += 1
    beganAt = clock()
    pending = source(isForUnknown)
      .then(take)
      .catch(fail)
      .finally(() => {
        pending = undefined
        scheduleNext()
      })
    return pending
  }

  /** So that the keys of a service that nobody calls do not grow old either. */
  function scheduleNext(): void {
    callOff()
    if (isClosed) return
    callOff = schedule(
      () => {
        if (!loadIfDue()) scheduleNext()
      },
      Math.max(renewAt - clock(), 1000),
    )
  }

  function loadIfDue(): boolean {
    if (isClosed || pending !== undefined || clock() < renewAt) return false
    void load()
    return true
  }

  function known(kid: string): VerifyKey | undefined {
    return clock() < uselessAt ? keys.get(kid) : undefined
  }

  /** Seeds count as old from the beginning: they serve while nothing better can be had. */
  async function sow(): Promise<void> {
    if (seed === undefined) return
    const seeds = await seed()
    if (fetchedAt !== undefined || seeds.size === 0) return
    keys = seeds
    uselessAt = clock() + options.staleIfError * 1000
  }

  function begin(): Promise<void> {
    seeding ??= sow()
    return seeding
  }

  async function seek(kid: string, madeAt: number): Promise<VerifyKey> {
    const cameAt = clock()
    await begin()
    const key = find(kid)
    if (key !== undefined) return key
    const isFirst = fetchedAt === undefined
    const wasInVain = lookups.wasInVain(kid, madeAt * 1000)
    if (pending === undefined && clock() >= quietUntil && !wasInVain) {
      // The first fetch is made for whoever comes first; only if it was in vain a pause follows.
      if (!isFirst) quietUntil = clock() + coolDown
      void load(!isFirst)
    }
    // The token was here before the issuer is asked, for whomever.
    const isAskedFor = pending !== undefined && beganAt >= cameAt
    const hasCome = pending === undefined || (await atMost(pending, options.patience))
    const found = known(kid)
    if (found !== undefined) return found
    if (!hasCome) throw unavailable(`no answer yet after ${options.patience} ms`)
    if (failure !== undefined || clock() >= uselessAt) throw unavailable()
    if (isFirst) quietUntil = clock() + coolDown
    if (isAskedFor) lookups.noteInVain(kid)
    const isTold = isAskedFor || wasInVain || tellOf(madeAt * 1000, fetchedAt ?? 0)
    if (!isTold) throw unavailable('the keys as they were before the token was made')
    throw new VerifyError({
      code: 'kid_unknown',
      expected: `one of ${[...keys.keys()].join(', ')}`,
      actual: shown(kid),
      hint: 'The key was retired or revoked, or the token is of another issuer.',
    })
  }

  function find(kid: string): VerifyKey | undefined {
    if (fetchedAt !== undefined || keys.size > 0) loadIfDue()
    return known(kid)
  }

  function unavailable(actual = failure ?? 'the keys that are known are too old'): VerifyError {
    return new VerifyError({
      code: 'jwks_unavailable',
      expected: 'the keys of the issuer',
      actual,
      hint: 'Say jwksUri if the issuer is reached by another address from here; run mintmark doctor.',
      retryAfterSeconds: Math.max(1, Math.ceil((quietUntil - clock()) / 1000)),
    })
  }

  function ageSeconds(): number | undefined {
    return fetchedAt === undefined ? undefined : Math.max(0, (clock() - fetchedAt) / 1000)
  }

  return {
    find,
    seek,
    async ready() {
      await begin()
      if (clock() < uselessAt) loadIfDue()
      else await atMost(pending ?? load(), START)
      if (clock() >= uselessAt) throw unavailable()
    },
    renew() {
      if (clock() < quietUntil || pending !== undefined) return
      quietUntil = clock() + coolDown
      void load()
    },
    stats: () => ({
      kids: [...keys.keys()],
      fetches,
      failures,
      ageSeconds: ageSeconds(),
      stale: isStale,
    }),
    close() {
      isClosed = true
      callOff()
    },
  }
}
