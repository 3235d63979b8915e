import type { Code } from '../explanations/all.ts'

/** A refusal by an endpoint that is not an OAuth one (RFC 9457). */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly status: number
  readonly code: Code
  readonly headers: Readonly<Record<string, string>>
  readonly hint: string | undefined

  /**
   * @param code stable, for programs; one that has a page
   * @param detail for the reader: what was wrong and what to do; never holds a secret
   * @param headers further response headers, such as a challenge
   * @param hint the path that was probably meant
   */
  constructor(
    status: number,
    code: Code,
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
}
