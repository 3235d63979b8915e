import type { EndReason } from '../audit/event.ts'

/** What a session runs on, as far as it was told. */
export interface Device {
  readonly userAgent: string | undefined
  /** The IP address it was last used from. */
  readonly address: string | undefined
  /** What a backend called it; what to call it in any case is said by `deviceLabel`. */
  readonly label: string | undefined
}

/** One login of one user at one client. Instants are milliseconds since the epoch. */
export interface Session {
  /** UUID version 7: the public `sid`. */
  readonly sid: string
  readonly clientId: string
  readonly sub: string
  /** What was granted at the start; a refresh may ask for less, never for more. */
  readonly scope: readonly string[]
  readonly audience: readonly string[]
  readonly roles: readonly string[]
  readonly claims: Readonly<Record<string, unknown>>
  readonly authTime: number
  readonly amr: readonly string[]
  readonly acr: string | undefined
  readonly device: Device
  readonly createdAt: number
  readonly lastUsedAt: number
  /** When it ends unless it is refreshed before. */
  readonly idleExpiresAt: number
  /** When it ends in any case. */
  readonly expiresAt: number
  readonly ended: { readonly at: number; readonly reason: EndReason } | undefined
}

/** Whether tokens of the session are good at `now`. */
export function isAlive(session: Session, now: number): boolean {
  return session.ended === undefined && session.idleExpiresAt > now && session.expiresAt > now
}

/**
 * When and why the session ended: by an act that was written down, or by its age. Undefined while it
 * is alive at `now`.
 */
export function endOf(
  session: Session,
  now: number,
): { at: number; reason: EndReason | 'idle_timeout' | 'max_age' } | undefined {
  const { ended, idleExpiresAt, expiresAt } = session
  if (ended !== undefined) return ended
  if (isAlive(session, now)) return undefined
  return idleExpiresAt < expiresAt
    ? { at: idleExpiresAt, reason: 'idle_timeout' }
    : { at: expiresAt, reason: 'max_age' }
}
