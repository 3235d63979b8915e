/** One scenario's requests, as a load generator sends them. */
export interface Work {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** With `{value}` where a chain's value goes; the values are sent as they are, so URL-safe or encoded already. */
  readonly body?: string
  /** One for each chain; undefined: every request is the same. */
  readonly values?: readonly string[]
  /** The member of the JSON answer that holds the chain's next value; undefined: the value is used again and again. */
  readonly next?: string
  /** A value is used once and then gone (revoke). */
  readonly once?: boolean
}
