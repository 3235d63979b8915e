import type { Event } from './event.ts'

/**
 * What verifiers that ask nobody must no longer accept: a session, a token, a key, or what a user's or
 * a client's cut-off is about, by its value of the claim or header that names it.
 */
export interface Announced {
  readonly kind: 'sid' | 'jti' | 'sub' | 'client_id' | 'kid'
  readonly subject: string
}

/** What verifiers must learn of these events, in their order. */
export function announcedBy(events: readonly Event[]): Announced[] {
  return events.map(announcementOf).filter((one) => one !== undefined)
}

/**
 * Every event has its case: one that is added without it does not compile, so that no way to end a
 * session, a token or a key can be forgotten here. Whoever ends sessions in another way than by a
 * cut-off tells of each, by `session.ended`; that of a user or a client ends nothing by itself.
 */
function announcementOf(event: Event): Announced | undefined {
  switch (event.type) {
    case 'session.ended':
      return { kind: 'sid', subject: event.sid }
    case 'token.revoked':
      return { kind: 'jti', subject: event.jti }
    case 'key.revoked':
      return { kind: 'kid', subject: event.kid }
    case 'client.disabled':
    case 'client.deleted':
      return { kind: 'client_id', subject: event.clientId }
    case 'cut_off.set':
      if (event.sub !== undefined) return { kind: 'sub', subject: event.sub }
      return event.clientId === undefined
        ? undefined
        : { kind: 'client_id', subject: event.clientId }
    case 'session.started':
    case 'refresh.retried':
    case 'refresh.recovered':
    case 'refresh.reused':
    case 'refresh.ahead':
    case 'refresh.client_mismatch':
    case 'refresh.refused':
    case 'restore.closed':
    case 'login.failed':
    case 'client.authentication_failed':
    case 'client.created':
    case 'client.enabled':
    case 'client.secret_rotated':
    case 'client.changed':
    case 'key.created':
    case 'key.published':
    case 'key.activated':
    case 'key.retiring':
    // By then whatever it signed has expired.
    case 'key.retired':
    case 'key.rotation_planned':
    case 'key.imported':
    case 'key.reencrypted':
    case 'audience.set':
    case 'audience.deleted':
    case 'user.created':
    case 'user.disabled':
    case 'user.enabled':
    case 'user.password_changed':
      return undefined
    default:
      return event satisfies never
  }
}
