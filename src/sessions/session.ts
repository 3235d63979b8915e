import type { EndReason } from '../audit/event.ts'
import type { MadeCutOff } from '../revocations/cut-off.ts'

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

/** How a session ended. */
export interface Ending {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly reason: EndReason | 'idle_timeout' | 'max_age'
  /** Who cut it off, where its row does not say so yet; of a marked end its event knows. */
  readonly by: string | undefined
}

/**
 * How the session ended: by an act that its row tells, by its client's cut-off, whose rows may not be
 * marked yet, or by its age. Undefined while it is alive at `now`.
 */
export function endOf(
  session: Session,
  cutOff: MadeCutOff | undefined,
  now: number,
): Ending | undefined {
  const { ended } = session
  if (ended !== undefined) return { ...ended, by: undefined }
  if (cutOff !== undefined && session.createdAt < cutOff.notBefore) {
    return { at: cutOff.madeAt, reason: cutOff.reason, by: cutOff.madeBy }
  }
  const expiry = expiryOf(session)
  return expiry.at > now ? undefined : { ...expiry, by: undefined }
}

/** When the session ends by its age, or would have, and by which of the two. */
export function expiryOf({ idleExpiresAt, expiresAt }: Session) {
  return idleExpiresAt < expiresAt
    ? ({ at: idleExpiresAt, reason: 'idle_timeout' } as const)
    : ({ at: expiresAt, reason: 'max_age' } as const)
}
