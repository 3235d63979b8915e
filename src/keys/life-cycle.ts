import {
  type KeyTiming,
  leadSeconds,
  REPLICA_LAG_SECONDS,
  retentionSeconds,
} from '../config/key-timing.ts'
import type { Algorithm } from '../jwt/algorithms.ts'
import type { SigningKey } from './signing-key.ts'

const LAG_MS = REPLICA_LAG_SECONDS * 1000

/** Where a new key of an algorithm stands. */
export interface Place {
  readonly state: 'next' | 'active'
  /** In milliseconds since the epoch. */
  readonly signsFrom: number
  /** The kid of the active key, which it is to follow. */
  readonly after: string | undefined
}

/** What is due of the life cycle of signing keys. Instants are milliseconds since the epoch. */
export type Step =
  /** Make a key that signs from then on; at once when `state` is `active`. */
  | ({ do: 'create'; algorithm: Algorithm } & Place)
  /** Every replica has read of the next key, and publishes it: its time ahead counts from now. */
  | { do: 'publish'; kid: string; algorithm: Algorithm; signsFrom: number }
  /** The next key signs, and its predecessor no more. */
  | { do: 'activate'; kid: string; algorithm: Algorithm }
  /** The key of an algorithm that nobody uses any more stops signing. */
  | { do: 'lay_down'; kid: string; algorithm: Algorithm }
  /** No token that it signed is good any more: it is published no longer. */
  | { do: 'retire'; kid: string; algorithm: Algorithm }

/**
 * What is due at an instant, decided from the rows alone: every replica that looks comes to the same.
 * An algorithm has one active key and one next key, which is published for as long as its predecessor
 * signs, and so is known by every verifier should it have to sign at once.
 */
export function decideSteps(
  keys: readonly SigningKey[],
  inUse: readonly Algorithm[],
  timing: KeyTiming,
  now: number,
): Step[] {
  const algorithms = new Set([...inUse, ...keys.map(({ algorithm }) => algorithm)])
  const steps = [...algorithms].flatMap((algorithm): Step[] => {
    const own = keys.filter((key) => key.algorithm === algorithm)
    const next = own.find(({ state }) => state === 'next')
    const active = own.find(({ state }) => state === 'active')
    if (next !== undefined) {
      const { kid } = next
      if (isDue(next, now)) return [{ do: 'activate', kid, algorithm }]
      const isRead = next.publishedAt === undefined && next.createdAt + LAG_MS <= now
      const signsFrom = now + leadSeconds(timing) * 1000
      return isRead ? [{ do: 'publish', kid, algorithm, signsFrom }] : []
    }
    if (inUse.includes(algorithm)) {
      return [{ do: 'create', algorithm, ...placeOf(algorithm, keys, timing, now) }]
    }
    if (active === undefined || nextTurn(active, timing) > now) return []
    // Until what is used instead can sign, this one is better than none.
    const isReplaced = keys.some((key) => inUse.includes(key.algorithm) && key.state === 'active')
    return isReplaced ? [{ do: 'lay_down', kid: active.kid, algorithm }] : []
  })
  const outlived = keys.filter((key) => retiresAt(key, timing) <= now)
  return [
    ...steps,
    ...outlived.map(({ kid, algorithm }) => ({ do: 'retire' as const, kid, algorithm })),
  ]
}

/** Where a new key of an algorithm stands that has no next one. */
export function placeOf(
  algorithm: Algorithm,
  keys: readonly SigningKey[],
  timing: KeyTiming,
  now: number,
): Place {
  const own = keys.filter((key) => key.algorithm === algorithm)
  const active = own.find(({ state }) => state === 'active')
  if (active !== undefined) {
    const soonest = now + timing.keyPublishAheadSeconds * 1000
    const signsFrom = Math.max(nextTurn(active, timing), soonest)
    return { state: 'next', signsFrom, after: active.kid }
  }
  return isUrgent(own, keys, timing, now)
    ? { state: 'active', signsFrom: now, after: undefined }
    : { state: 'next', signsFrom: now + leadSeconds(timing) * 1000, after: undefined }
}

/**
 * Whether waiting helps nobody: nothing else could sign meanwhile, or the key that verifiers expect has
 * just been revoked. One that was revoked longer ago is nobody's any more.
 */
function isUrgent(
  own: readonly SigningKey[],
  keys: readonly SigningKey[],
  timing: KeyTiming,
  now: number,
): boolean {
  if (!keys.some((key) => key.state === 'active' || isDue(key, now))) return true
  const [last] = own
    .filter((key) => hasSigned(key, now))
    .toSorted((a, b) => b.signsFrom - a.signsFrom)
  const revokedAt = last?.state === 'revoked' ? (last.withdrawnAt ?? -Infinity) : -Infinity
  return now - revokedAt < leadSeconds(timing) * 1000
}

/** Whether a key has signed by an instant, and not been withdrawn before it could. */
export function hasSigned(key: SigningKey, now: number): boolean {
  if (key.state === 'next') return isDue(key, now)
  return key.signsFrom <= Math.min(now, key.withdrawnAt ?? now)
}

/**
 * Whether a next key's turn has come. Had the database been away since it was made, so that some
 * replica never published it, nobody would have been able to say that it is published.
 */
export function isDue({ state, publishedAt, signsFrom }: SigningKey, now: number): boolean {
  return state === 'next' && publishedAt !== undefined && signsFrom <= now
}

/** When a key that signs is due to be followed by another one. */
export function nextTurn(active: SigningKey, timing: KeyTiming): number {
  return active.signsFrom + timing.keyRotateEverySeconds * 1000
}

/** When a key is published no more; Infinity while it signs or is to. */
export function retiresAt(key: SigningKey, timing: KeyTiming): number {
  if (key.state !== 'retiring' || key.signsUntil === undefined) return Infinity
  return key.signsUntil + retentionSeconds(timing, key.tokenTtlSeconds) * 1000
}

/** When the set of published keys is next expected to change; undefined when it is not. */
export function nextChange(keys: readonly SigningKey[], timing: KeyTiming): number | undefined {
  // When a next key begins to sign, the one after it is published.
  const instants = keys.map((key) =>
    key.state === 'next' ? key.signsFrom : retiresAt(key, timing),
  )
  const soonest = Math.min(...instants)
  return soonest === Infinity ? undefined : soonest
}

/**
 * The key of an algorithm that signs at an instant: the next one from the moment that it is due,
 * whether or not a row says so yet.
 */
export function signingAt<K extends SigningKey>(
  keys: readonly K[],
  algorithm: Algorithm,
  now: number,
): K | undefined {
  const own = keys.filter((key) => key.algorithm === algorithm)
  const due = own.find((key) => isDue(key, now))
  return due ?? own.find(({ state }) => state === 'active')
}

/**
 * From when on a next key counts as published, in milliseconds since the epoch: every replica has read
 * of it. Of one that is not yet, the earliest that can be.
 */
export function publishedFrom({ publishedAt, createdAt }: SigningKey): number {
  return publishedAt ?? createdAt + LAG_MS
}
