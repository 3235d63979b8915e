import { backoff } from '../backoff.ts'
import { ServiceTokenError, type ServiceTokenFailure } from './error.ts'
import type { Issued } from './request.ts'

/** The one token for one purpose: got when it is asked for, and new before it is over. */
export interface Held {
  /** Throws ServiceTokenError when there is none that lives. */
  get(): Promise<string>
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
  let pauseFrom = 0
  let pauseUntil = 0

  const fail = (given: ServiceTokenFailure) => {
    failures += 1
    failure = given
    const [first, longest] = given.code === 'refused' ? REFUSED_PAUSE : TROUBLE_PAUSE
    const pause = Math.max(backoff(failures, first, longest, random), given.retryAfter ?? 0)
    pauseFrom = clock()
    pauseUntil = pauseFrom + pause * 1000
  }
  const refresh = () => {
    underway ??= (async () => {
      // Its life is counted from before the request: the token was made some time after.
      const madeAt = clock()
      const outcome = await request()
      if ('token' in outcome) {
        token = live(outcome, madeAt, random)
        failures = 0
        pauseUntil = 0
      } else {
        fail(outcome)
      }
    })().finally(() => {
      underway = undefined
    })
    return underway
  }
  // A clock that was set back must not make a pause, or a token, last for hours.
  const isPaused = () => clock() >= pauseFrom && clock() < pauseUntil
  const living = () => {
    if (token === undefined || clock() < token.madeAt || clock() >= token.expiresAt)
      return undefined
    return token
  }

  return {
    async get() {
      const current = living()
      const isDue = current === undefined || clock() >= current.refreshAt
      const refreshed = isDue && !isPaused() ? refresh() : underway
      if (current !== undefined && (refreshed === undefined || clock() < current.lateAt)) {
        return current.value
      }
      await refreshed
      const found = living()
      if (found !== undefined) return found.value
      throw new ServiceTokenError(failure ?? OVER_AT_ONCE, Math.ceil((pauseUntil - clock()) / 1000))
    },
  }
}

/** Instants are milliseconds since the epoch. */
interface Living {
  readonly value: string
  readonly madeAt: number
  /** From then on it is replaced, and meanwhile used. */
  readonly refreshAt: number
  /** From then on who asks waits for the one that replaces it, if that comes. */
  readonly lateAt: number
  readonly expiresAt: number
}

/** At 80 % of its life, give or take 5 %, so that not all services ask in the same second. */
function live({ token, lifeSeconds }: Issued, madeAt: number, random: () => number): Living {
  const life = lifeSeconds * 1000
  return {
    value: token,
    madeAt,
    refreshAt: madeAt + life * (0.75 + random() / 10),
    lateAt: madeAt + Math.max(life - 10_000, life * 0.9),
    expiresAt: madeAt + life,
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
