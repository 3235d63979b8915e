/** Where a request came from, as far as it is known; part of most events. */
export interface Origin {
  readonly requestId: string | undefined
  /** The caller's IP address. */
  readonly address: string | undefined
  readonly userAgent: string | undefined
}

/** No request: a command, or the service itself. */
export const noOrigin: Origin = { requestId: undefined, address: undefined, userAgent: undefined }

/** Who does what nobody asked for: it stands where a sub, a client_id or `operator` does elsewhere. */
export const SERVICE = 'mintmark'

/** Who does something, and from where. `by` is a sub, a client_id, `operator` or {@link SERVICE}. */
export interface Actor {
  readonly by: string
  readonly origin: Origin
}

/** Why a session ended. Each is a fact that was committed, with the one who did it. */
export const endReasons = [
  'logged_out',
  'token_revoked',
  'ended_by_user',
  'ended_by_operator',
  'refresh_reused',
  'user_disabled',
  'password_changed',
  'client_disabled',
  'client_deleted',
  'cut_off',
  'session_limit',
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
  // The first retry of a rotation; the session's row counts them all.
  | ({
      type: 'refresh.retried'
      generation: number
      proof: 'window' | 'key' | 'cookie'
    } & OfSession)
  | ({ type: 'refresh.recovered'; generation: number; lostForSeconds: number } & OfSession)
  | ({
      type: 'refresh.reused'
      generation: number
      presented: number
      lastAddress: string | undefined
    } & OfSession)
  | ({
      type: 'refresh.ahead'
      generation: number
      presented: number
      /** When the row had last been used: the database is at least as new as that. */
      rowUsedAt: number
    } & OfSession)
  | ({ type: 'refresh.client_mismatch'; presentedBy: string } & OfSession)
  // The first ones of a session.
  | ({
      type: 'refresh.refused'
      why: 'ended' | 'expired' | 'stale' | 'mismatched'
      generation: number
      presented: number
    } & OfSession)
  /** What a set-back of the database had lost was made up for, or found to be nothing. */
  | { type: 'restore.closed'; how: 'from_log' | 'end_all' | 'nothing_lost'; ended: number }
  | { type: 'token.revoked'; jti: string; sub: string; clientId: string }
  | {
      type: 'login.failed'
      clientId: string
      sub: string | undefined
      why:
        | 'user_unknown'
        | 'password_wrong'
        // The password was right; each of these was seen while the session was to start.
        | 'user_disabled'
        | 'password_changed'
        | 'client_deleted'
        | 'sub_is_client'
    }
  | {
      type: 'client.authentication_failed'
      /** Undefined of one that nobody is registered as: it may be a secret in the wrong place. */
      clientId: string | undefined
      /** How it authenticated. */
      method: string
      why: 'unknown_client' | 'wrong_secret' | 'wrong_method' | 'client_disabled'
    }
  | {
      type:
        | 'client.created'
        | 'client.disabled'
        | 'client.enabled'
        | 'client.deleted'
        | 'client.secret_rotated'
      clientId: string
      by: string
    }
  /** `changed` names the settings that are others than before, in snake_case. */
  | { type: 'client.changed'; clientId: string; changed: readonly string[]; by: string }
  | { type: 'cut_off.set'; sub?: string; clientId?: string; notBefore: string; by: string }
  /** What the schedule does unasked. */
  | {
      type: 'key.created' | 'key.published' | 'key.activated' | 'key.retiring' | 'key.retired'
      kid: string
      alg: string
    }
  | { type: 'key.rotation_planned'; kid: string; alg: string; signsFrom: string; by: string }
  | { type: 'key.revoked' | 'key.imported'; kid: string; alg: string; by: string }
  /** Its private half was sealed under the master key of that id, in the place of another. */
  | {
      type: 'key.reencrypted'
      kid: string
      alg: string
      masterKeyId: number
      from: number
      by: string
    }
  /** The whole rule as it is then; undefined is what is left to the client and the default. */
  | {
      type: 'audience.set'
      audience: string
      signingAlg: string | undefined
      typ: string | undefined
      by: string
    }
  | { type: 'audience.deleted'; audience: string; by: string }
  | {
      type: 'user.created' | 'user.disabled' | 'user.enabled' | 'user.password_changed'
      sub: string
      by: string
    }

/** Written out, so that one that is missing, or is none any more, does not compile. */
const TYPES: Readonly<Record<Event['type'], true>> = {
  'session.started': true,
  'session.ended': true,
  'refresh.retried': true,
  'refresh.recovered': true,
  'refresh.reused': true,
  'refresh.ahead': true,
  'refresh.client_mismatch': true,
  'refresh.refused': true,
  'restore.closed': true,
  'token.revoked': true,
  'login.failed': true,
  'client.authentication_failed': true,
  'client.created': true,
  'client.disabled': true,
  'client.enabled': true,
  'client.deleted': true,
  'client.secret_rotated': true,
  'client.changed': true,
  'cut_off.set': true,
  'key.created': true,
  'key.published': true,
  'key.activated': true,
  'key.retiring': true,
  'key.retired': true,
  'key.rotation_planned': true,
  'key.revoked': true,
  'key.imported': true,
  'key.reencrypted': true,
  'audience.set': true,
  'audience.deleted': true,
  'user.created': true,
  'user.disabled': true,
  'user.enabled': true,
  'user.password_changed': true,
}

/** The types of all events: a closed set. */
export const eventTypes = Object.keys(TYPES) as Event['type'][]
