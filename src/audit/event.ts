/** Where a request came from, as far as it is known; part of most events. */
export interface Origin {
  readonly requestId: string | undefined
  /** The caller's IP address. */
  readonly address: string | undefined
  readonly userAgent: string | undefined
}

/** No request: a command, or the service itself. */
export const noOrigin: Origin = { requestId: undefined, address: undefined, userAgent: undefined }

/** Why a session ended. Each is a fact that was committed, with the one who did it. */
export const endReasons = [
  'logged_out',
  'token_revoked',
  'ended_by_user',
  'ended_by_operator',
  'refresh_reused',
  'user_disabled',
  'password_changed',
  'client_deleted',
] as const
export type EndReason = (typeof endReasons)[number]

interface OfSession {
  readonly sid: string
  readonly sub: string
  readonly clientId: string
}

/**
 * Everything that is written down: a closed union. An event holds no secret and is written in the
 * transaction of the fact it tells. An ordinary rotation is no event; the session's row counts it.
 */
export type Event =
  | ({ type: 'session.started'; how: 'password' | 'backend'; startedBy: string } & OfSession)
  | ({ type: 'session.ended'; reason: EndReason; by: string } & OfSession)
  | ({ type: 'refresh.recovered'; generation: number; lostForSeconds: number } & OfSession)
  | ({
      type: 'refresh.reused'
      generation: number
      presented: number
      lastAddress: string | undefined
    } & OfSession)
  | ({ type: 'refresh.ahead'; generation: number; presented: number } & OfSession)
  | ({ type: 'refresh.client_mismatch'; presentedBy: string } & OfSession)
  | { type: 'token.revoked'; jti: string; sub: string; clientId: string }
  | { type: 'login.failed'; clientId: string; sub: string | undefined }
  | {
      type: 'client.created' | 'client.changed' | 'client.deleted' | 'client.secret_rotated'
      clientId: string
    }
  | { type: 'audience.set'; audience: string; signingAlg: string }
  | { type: 'audience.deleted'; audience: string }
  | { type: 'user.created' | 'user.disabled' | 'user.password_changed'; sub: string }
