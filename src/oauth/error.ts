import { type Reason, reasons } from './reasons.ts'

/** A refusal by an OAuth endpoint (RFC 6749 §5.2). The door turns it into the answer's body. */
export class OAuthError extends Error {
  override readonly name = 'OAuthError'
  readonly reason: Reason
  readonly headers: Readonly<Record<string, string>>

  /**
   * @param reason which of the closed set of reasons; it decides `error` and the HTTP status
   * @param description for the developer who reads the answer: what was wrong and what to do.
   *   Printable ASCII without `"` and `\` (RFC 6749 §5.2); never holds a secret
   * @param headers further response headers, such as a challenge
   */
  constructor(reason: Reason, description: string, headers: Record<string, string> = {}) {
    super(description)
    this.reason = reason
    this.headers = headers
  }

  get error(): string {
    return reasons[this.reason][0]
  }

  get status(): number {
    return reasons[this.reason][1]
  }
}

/** Caller-given text made fit for `error_description`: printable ASCII, short, no `"` and no `\`. */
export function quotable(text: string): string {
  const safe = text.replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, '?')
  return safe.length > 80 ? `${safe.slice(0, 77)}...` : safe
}
