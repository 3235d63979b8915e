import { backoff } from '../backoff.ts'
import { ServiceTokenError, type ServiceTokenFailure } from './error.ts'
import { type Living, live, setBack } from './living.ts'
import type { Issued } from './request.ts'
import { within } from './within.ts'

/** The one token for one purpose: got when it is asked for, and new before it is over. */
export interface Held {
  /** Throws ServiceTokenError when there is none that lives. */
  get(): Promise<string>
  /** Drops the token if it is this one. */
  forget(value: string): void
}

/** @param request one request, and what became of it; never throws */
export function createHeld(options: {
  request: () => Promise<Issued | ServiceTokenFailure>
  clock: () => number
  random: () => number
}): Held {
  const { request, clock, random } = options
  let token: Living | undefined
  let underway: Promise<void> | undefined
  let failures = 0
  let failure: ServiceTokenFailure | undefined
  let pauseUntil = 0
  let seen = 0

  /** A clock that was set back must not make a pause, or a token, last for hours, nor end one. */
  const read = () => {
    const now = clock()
    if (now < seen) {
      token &&= setBack(token, now, seen - now)
      pauseUntil -= seen - now
    }
    seen = now
    return now
  }
  const fail = (given: ServiceTokenFailure) => {
    failures += 1
    failure = given
    const [first, longest] = given.code === 'refused' ? REFUSED_PAUSE : TROUBLE_PAUSE
    const pause = Math.max(backoff(failures, first, longest, random), given.retryAfter ?? 0)
    pauseUntil = read() + pause * 1000
  }
  const refresh = () => {
    underway ??= (async () => {
      // Its life is counted from before the request: the token was made some time after.
      const askedAt = read()
      const outcome = await request()
      if ('token' in outcome) {
        token = live(outcome, Math.min(askedAt, read()), random)
        failures = 0
        failure = undefined
        pauseUntil = 0
      } else {
        fail(outcome)
      }
    })().finally(() => {
      underway = undefined
    })
    return underway
  }
  const living = (now: number) => (token !== undefined && now < token.expiresAt ? token : undefined)

  return {
    async get() {
      const now = read()
      const current = living(now)
      const isDue = current === undefined || now >= current.refreshAt
      const refreshed = isDue && now >= pauseUntil ? refresh() : underway
      if (current !== undefined) {
        if (refreshed === undefined || now < current.lateAt) return current.value
        // Whoever is called with it must still find it alive.
        await within(refreshed, (current.expiresAt - now) / 2, undefined)
      }
      if (living(read()) === undefined) await refreshed
      const later = read()
      const found = living(later)
      if (found !== undefined) return found.value
      const pause = Math.max(0, Math.ceil((pauseUntil - later) / 1000))
      throw new ServiceTokenError(failure ?? OVER_AT_ONCE, pause)
    },
    forget(value) {
      if (token?.value === value) token = undefined
    },
  }
}

/** The longest wait after the first failure, and after many; in seconds. */
const TROUBLE_PAUSE = [2, 60] as const
/** What was refused is refused again until somebody changes something. */
const REFUSED_PAUSE = [10, 60] as const

const OVER_AT_ONCE: ServiceTokenFailure = {
  code: 'answer_invalid',
  message: 'the token had expired when it came',
}
