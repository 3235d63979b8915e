import { isAlive, type Session } from '../sessions/session.ts'

/** One thing that must hold of a token, and whether it does. */
export interface Finding {
  readonly name: string
  /** `skipped`: not asked for, or an earlier failure left nothing to look at. */
  readonly outcome: 'passed' | 'failed' | 'skipped'
  readonly expected: string
  readonly actual: string
}

/** What was looked at. */
export function finding(name: string, holds: boolean, expected: string, actual: string): Finding {
  return { name, outcome: holds ? 'passed' : 'failed', expected, actual }
}

/** What was not looked at, and why. */
export function skipped(name: string, expected: string, why: string): Finding {
  return { name, outcome: 'skipped', expected, actual: why }
}

/** Whether nothing failed. */
export function isGood(findings: readonly Finding[]): boolean {
  return findings.every(({ outcome }) => outcome !== 'failed')
}

/** Whether a session lets its tokens stand at `now`, in words. */
export function examineSession(session: Session | undefined, now: number): Finding {
  const expected = 'alive'
  if (session === undefined) return finding('session', false, expected, 'there is no such session')
  return finding('session', isAlive(session, now), expected, describe(session, now))
}

function describe({ ended, idleExpiresAt, expiresAt, sid }: Session, now: number): string {
  const end = Math.min(idleExpiresAt, expiresAt)
  if (ended !== undefined) return `${sid} ended ${instant(ended.at)}: ${ended.reason}`
  if (end <= now) return `${sid} expired ${instant(end)}`
  return `${sid} is alive until ${instant(end)} unless refreshed`
}

/** An instant (milliseconds since the epoch) in ISO 8601, to the second. */
export function instant(at: number): string {
  const date = new Date(at)
  return Number.isNaN(date.getTime()) ? 'at no time' : date.toISOString().replace(/\.\d{3}Z$/, 'Z')
}
