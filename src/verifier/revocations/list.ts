import type { AccessTokenClaims } from '../types.ts'
import type { Entry } from './answer.ts'
import { instantOfSession, instantOfToken } from './start.ts'

/** By what a token was found to be revoked. */
export type FoundBy = Entry['kind']

type Forgotten = Exclude<FoundBy, 'kid'>

/** What is known to have ended, united from every answer. */
export interface RevocationList {
  /** Unites the entries with what is known; nothing that is known is ever taken back by one. */
  add(entries: readonly Entry[]): void
  /** Whether a token is among what ended; a few look-ups, however long the list is. */
  find(claims: AccessTokenClaims, kid: string): FoundBy | undefined
  /**
   * Forgets what can concern no living token at `now` (milliseconds), a bounded number at a time. A key that was
   * revoked is never forgotten; there are few.
   */
  forget(now: number): void
  readonly size: number
}

/** @param clockTolerance by how many seconds a token may be older than it lives and still be taken */
export function createRevocationList(clockTolerance: number): RevocationList {
  // Whoever has a key makes new tokens at any time, and an old copy of the JWKS may bring it back.
  const revokedKeys = new Set<string>()
  const ends: Record<'sid' | 'jti', Map<string, End>> = { sid: new Map(), jti: new Map() }
  const cutOffs: Record<'sub' | 'client_id', Map<string, CutOff>> = {
    sub: new Map(),
    client_id: new Map(),
  }
  const all: Record<Forgotten, Map<string, End>> = { ...ends, ...cutOffs }
  /** What is to be forgotten, by the minute from which on it may be. */
  const due = new Map<number, { kind: Forgotten; name: string }[]>()
  let allowance = 0

  const add = (entry: Entry & { readonly kind: Forgotten }) => {
    const known = all[entry.kind].get(entry.name)
    const minute = Math.max(known?.minute ?? 0, Math.ceil((entry.exp + clockTolerance) / 60))
    if ('before' in entry) {
      const { before, issuedBefore } = (known as CutOff | undefined) ?? NO_CUT_OFF
      cutOffs[entry.kind].set(entry.name, {
        minute,
        before: Math.max(before, entry.before * 1000),
        issuedBefore: Math.max(issuedBefore, entry.issuedBefore * 1000),
      })
    } else if (known?.minute !== minute) {
      ends[entry.kind].set(entry.name, { minute })
    }
    if (known?.minute === minute) return
    const together = due.get(minute)
    if (together === undefined) due.set(minute, [entry])
    else together.push(entry)
  }

  return {
    add(entries) {
      for (const entry of entries) {
        if (entry.kind === 'kid') revokedKeys.add(entry.name)
        else add(entry)
      }
      allowance += 2 * entries.length
    },
    find(claims, kid) {
      if (revokedKeys.has(kid)) return 'kid'
      const { sid, jti, sub, client_id: clientId } = claims
      if (sid !== undefined && ends.sid.has(sid)) return 'sid'
      if (ends.jti.has(jti)) return 'jti'
      if (isBehind(cutOffs.sub.get(sub), claims)) return 'sub'
      return isBehind(cutOffs.client_id.get(clientId), claims) ? 'client_id' : undefined
    },
    forget(now) {
      // What is added is forgotten twice as fast, so that the list cannot outgrow the feed.
      let left = FORGOTTEN_AT_ONCE + allowance
      allowance = 0
      const thisMinute = Math.floor(now / 60_000)
      for (const [minute, together] of due) {
        if (minute > thisMinute) continue
        for (const { kind, name } of together.splice(-left)) {
          // What was added again later is in a later minute, too.
          if (all[kind].get(name)?.minute === minute) all[kind].delete(name)
          left -= 1
        }
        if (together.length > 0) return
        due.delete(minute)
        if (left <= 0) return
      }
    },
    get size() {
      return Object.values(all).reduce((sum, { size }) => sum + size, revokedKeys.size)
    },
  }
}

interface End {
  readonly minute: number
}

/** In milliseconds since the epoch. */
interface CutOff extends End {
  readonly before: number
  readonly issuedBefore: number
}

const NO_CUT_OFF = { before: 0, issuedBefore: 0 }

/** About a millisecond's work. */
const FORGOTTEN_AT_ONCE = 10_000

/**
 * Whether what a token speaks for started before a cut-off. What its session's id does not tell, the
 * token itself does.
 */
function isBehind(cutOff: CutOff | undefined, claims: AccessTokenClaims): boolean {
  if (cutOff === undefined) return false
  const { sid } = claims
  if (sid === undefined) return instantOfToken(claims) < cutOff.issuedBefore
  return (instantOfSession(sid) ?? instantOfToken(claims)) < cutOff.before
}
