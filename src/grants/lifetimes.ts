import type { Client } from '../clients/client.ts'

/** Lengths of the configuration, in seconds, which a client's own stand before. */
export interface SessionLifetimes {
  readonly sessionIdleTtlSeconds: number
  readonly sessionMaxTtlSeconds: number
}

/** How long a session of this client may stay unused, and may live at all. */
export function sessionLifetimes(
  client: Client,
  defaults: SessionLifetimes,
): { idleTtlSeconds: number; maxTtlSeconds: number } {
  const { sessionIdleTtlSeconds, sessionMaxTtlSeconds } = client.lifetimes
  return {
    idleTtlSeconds: sessionIdleTtlSeconds ?? defaults.sessionIdleTtlSeconds,
    maxTtlSeconds: sessionMaxTtlSeconds ?? defaults.sessionMaxTtlSeconds,
  }
}
