import { readBody } from '../body.ts'

/** What came back from a URL. */
export interface Answered {
  readonly url: string
  readonly status: number
  readonly headers: Headers
  /** Undefined where it was too large, or broke off. */
  readonly body: string | undefined
  readonly milliseconds: number
  /** By our clock, when the answer came; milliseconds since the epoch. */
  readonly at: number
}

/** Nothing came back. */
export interface Unanswered {
  readonly url: string
  readonly failure: string
}

/** Asks a URL once, follows nothing, and never throws. */
export type Ask = (
  url: string,
  headers?: Readonly<Record<string, string>>,
) => Promise<Answered | Unanswered>

/** In bytes; the largest feed of revocations stays below. */
const LARGEST = 4_194_304

/** @param options.timeout in milliseconds, for the whole of an answer */
export function createAsk(options: {
  fetch: typeof globalThis.fetch
  clock: () => number
  timeout: number
}): Ask {
  const { fetch, clock, timeout } = options
  return async (url, headers = {}) => {
    const began = clock()
    try {
      const signal = AbortSignal.timeout(timeout)
      const response = await fetch(url, { headers, redirect: 'manual', signal })
      const at = clock()
      const body = await readBody(response, LARGEST).catch(() => undefined)
      const { status, headers: answered } = response
      return { url, status, headers: answered, body, milliseconds: clock() - began, at }
    } catch (error) {
      return { url, failure: reasonOf(error, timeout) }
    }
  }
}

/** The causes of `fetch failed` that have plain words. */
const WORDS: Record<string, string> = {
  ECONNREFUSED: 'nobody listens there',
  ENOTFOUND: 'the host has no address',
  EAI_AGAIN: 'the host has no address for now',
  ECONNRESET: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is of an authority that is not trusted here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is of an authority that is not trusted here',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS: is it http?',
}

function reasonOf(error: unknown, timeout: number): string {
  const { name, message, cause } = Object(error)
  if (name === 'TimeoutError') return `no answer within ${timeout} ms`
  const code: unknown = cause?.code
  const plain = typeof code === 'string' ? WORDS[code] : undefined
  if (plain !== undefined) return `${plain} (${code})`
  return String(cause?.message ?? code ?? message ?? 'unknown')
}
