import { STATUS_CODES } from 'node:http'

/** A refusal by an endpoint that is not an OAuth one (RFC 9457). */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly status: number
  readonly code: string
  readonly headers: Readonly<Record<string, string>>
  readonly hint: string | undefined

  /**
   * @param code stable, for programs
   * @param detail for the reader: what was wrong and what to do; never holds a secret
   * @param headers further response headers, such as a challenge
   * @param hint the path that was probably meant
   */
  constructor(
    status: number,
    code: string,
    detail: string,
    headers: Record<string, string> = {},
    hint?: string,
  ) {
    super(detail)
    this.status = status
    this.code = code
    this.headers = headers
    this.hint = hint
  }

  /** The body, for `application/problem+json`. */
  toBody(requestId: string) {
    return {
      type: 'about:blank',
      title: STATUS_CODES[this.status] ?? 'Error',
      status: this.status,
      detail: this.message,
      code: this.code,
      request_id: requestId,
      ...(this.hint !== undefined && { hint: this.hint }),
    }
  }
}
