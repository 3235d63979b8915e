import type { Client } from '../clients/client.ts'

import type { RotationPolicy } from '../sessions/rotation.ts'

/** Lengths of the configuration, in seconds, which a client's own stand before. */
export interface SessionLifetimes {
  readonly sessionIdleTtlSeconds: number
  readonly sessionMaxTtlSeconds: number
  readonly maxSessions: number
}

/** How patient a refresh is by the configuration, which a client's own word stands before. */
export interface RefreshSettings {
  readonly refreshRetryWindowSeconds: number
  readonly refreshRecoveryWindowSeconds: number
  readonly refreshRecovery: 'allow' | 'deny'
  readonly refreshAcceptAhead: boolean
}

/** How patient a refresh of this client's sessions is. */
export function rotationPolicy({ refresh }: Client, defaults: RefreshSettings): RotationPolicy {
  const retryWindowSeconds = refresh.retryWindowSeconds ?? defaults.refreshRetryWindowSeconds
  const recoveryWindow = refresh.recoveryWindowSeconds ?? defaults.refreshRecoveryWindowSeconds
  return {
    retryWindowSeconds,
    // Where only one of the two is the client's, they may not fit together.
    recoveryWindowSeconds: Math.max(recoveryWindow, retryWindowSeconds),
    recovery: refresh.recovery ?? defaults.refreshRecovery,
    acceptAhead: defaults.refreshAcceptAhead,
  }
}

/** How long a session of this client may stay unused and may live at all, and how many a user may have. */
export function sessionLifetimes(
  client: Client,
  defaults: SessionLifetimes,
): { idleTtlSeconds: number; maxTtlSeconds: number; maxSessions: number } {
  const { sessionIdleTtlSeconds, sessionMaxTtlSeconds } = client.lifetimes
  return {
    idleTtlSeconds: sessionIdleTtlSeconds ?? defaults.sessionIdleTtlSeconds,
    maxTtlSeconds: sessionMaxTtlSeconds ?? defaults.sessionMaxTtlSeconds,
    maxSessions: client.maxSessions ?? defaults.maxSessions,
  }
}
