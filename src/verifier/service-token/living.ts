import type { Issued } from './request.ts'

/** A token and its life. Instants are milliseconds since the epoch. */
export interface Living {
  readonly value: string
  /** From then on it is replaced, and meanwhile used. */
  readonly refreshAt: number
  /** From then on who asks waits for the one that replaces it, if that comes. */
  readonly lateAt: number
  readonly expiresAt: number
}

/** Replaced at 80 % of its life, give or take 5 %, so that not all services ask in the same second. */
export function live({ token, lifeSeconds }: Issued, madeAt: number, random: () => number): Living {
  const life = lifeSeconds * 1000
  return {
    value: token,
    refreshAt: madeAt + life * (0.75 + random() / 10),
    lateAt: madeAt + Math.max(life - 10_000, life * 0.9),
    expiresAt: madeAt + life,
  }
}

/**
 * The same token by a clock that was set back: it lives on for as long as it had left, and is replaced as
 * soon as that can be done, since nobody knows how much time has gone by.
 * @param now what the clock says since
 * @param by how far it was set back, in milliseconds
 */
export function setBack({ value, expiresAt }: Living, now: number, by: number): Living {
  return { value, refreshAt: now, lateAt: now, expiresAt: expiresAt - by }
}
