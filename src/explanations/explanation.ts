/** Whom a remedy is for. */
export type Reader = 'app' | 'service' | 'operator'

/** What the readers are called, in the order in which they are told. */
export const READERS: Readonly<Record<Reader, string>> = {
  app: 'In the app or page that calls',
  service: 'In the service or backend that calls',
  operator: 'As the operator of Mintmark',
}

/** Where to read on: an address on the web, or a file of the source. */
export interface Reference {
  readonly text: string
  readonly url?: string
}

/**
 * What there is to know of one error. Texts are plain sentences, in which backticks mark what is typed
 * or read as it stands.
 */
export interface Explanation {
  /** What happened, as a heading. */
  readonly title: string
  /** The HTTP status, of a code that is no reason of the closed set (that says its own). */
  readonly status?: number
  readonly cause: string
  /** How to see that it is so: what to run, or where to look. */
  readonly confirm: readonly string[]
  readonly remedy: Readonly<Partial<Record<Reader, string>>>
  /** The codes of errors that are easily taken for this one, or come with it. */
  readonly related?: readonly string[]
  readonly see?: readonly Reference[]
}

/** A section of an RFC, on the web. */
export function rfc(number: number, section: string): Reference {
  const url = `https://www.rfc-editor.org/rfc/rfc${number}#section-${section}`
  return { text: `RFC ${number} section ${section}`, url }
}

export const REFRESH_DOCUMENT: Reference = {
  text: 'docs/refresh.md, on every outcome of a refresh',
}
export const LIMITS_DOCUMENT: Reference = {
  text: 'docs/limits.md, on what is counted and for whom',
}
export const README: Reference = { text: 'README.md' }
