import type { Gate } from '../base/gate.ts'

/** The account that a login is tried for. */
export interface Account {
  /** Its normalised name, or what was sent where that is no name at all. */
  readonly username: string
  /** Undefined when there is no such user. */
  readonly sub: string | undefined
}

/**
 * What one request is limited by. The door makes it: it knows the caller's address, and where is
 * counted. The gates throw `too_many_…` (429), or DatabaseUnavailable.
 */
export interface RequestLimits {
  /** Counts failed logins. */
  login(account: Account): Gate
  /** Counts rotations of the session whose handle has this hash. */
  refresh(handleHash: Buffer): Gate
  /** Counts failed authentications of a client. */
  client(clientId: string): Gate
}
