import { byTimers } from './schedule.ts'

/** What a fetcher needs to know. */
export interface FetchSettings {
  /** Instead of the global one, which is looked up at each call. */
  readonly fetch?: typeof globalThis.fetch | undefined
  /** For each try, in milliseconds, until the body is read. */
  readonly timeout: number
  /** How often a GET is tried again after the first time. */
  readonly retries: number
  /** From 0 up to 1; spreads the retries of many verifiers. */
  readonly random?: (() => number) | undefined
  /** Ends every fetch, and those that would be made later. */
  readonly signal?: AbortSignal | undefined
}

export interface FetchInit {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Ends the fetch, and it is not tried again. */
  readonly signal?: AbortSignal
}

/** Fetches; any answer is returned, whatever its status, except one that leads elsewhere. */
export type Fetcher = (url: string | URL, init?: FetchInit) => Promise<Response>

/** The longest wait before the first retry, in milliseconds; each further one may be twice as long. */
const LONGEST_WAIT = 300

/**
 * Makes a fetcher that gives up in time and tries a GET again when the network or the server failed (5xx,
 * 429). It follows no redirect: keys come from where they were said to be. How much of the body is read
 * is the reader's business. Throws plain errors whose message may be shown.
 */
export function createFetcher(settings: FetchSettings): Fetcher {
  const { timeout, retries, random = Math.random } = settings
  return async (url, init = {}) => {
    const { method = 'GET' } = init
    const signals = [settings.signal, init.signal].filter((one) => one !== undefined)
    const ended = AbortSignal.any(signals)
    const tries = method === 'GET' ? retries + 1 : 1
    for (let tried = 1; ; tried += 1) {
      const isLast = tried >= tries
      try {
        const response = await fetchOnce(
          settings.fetch ?? globalThis.fetch,
          url,
          { ...init, signal: ended },
          timeout,
        )
        if (isLast || !isWorthRetrying(response.status)) return response
        await response.body?.cancel()
      } catch (error) {
        if (isLast || error instanceof FinalError) throw error
      }
      await wait(random() * LONGEST_WAIT * 2 ** (tried - 1), ended)
    }
  }
}

/** Trying again would not help. */
class FinalError extends Error {}

async function fetchOnce(
  fetch: typeof globalThis.fetch,
  url: string | URL,
  init: FetchInit & { signal: AbortSignal },
  timeout: number,
): Promise<Response> {
  if (init.signal.aborted) throw new FinalError(`${url} is not asked any more`)
  const limit = AbortSignal.timeout(timeout)
  const signal = AbortSignal.any([limit, init.signal])
  let response: Response
  try {
    // Not `redirect: 'error'`, which Cloudflare's runtime refuses.
    response = await fetch(String(url), { ...init, signal, redirect: 'manual' })
  } catch (error) {
    if (init.signal.aborted) throw new FinalError(`${url} is not asked any more`)
    if (limit.aborted) throw new Error(`${url} did not answer within ${timeout} ms`)
    throw new Error(`${url} could not be reached: ${reasonOf(error)}`, { cause: error })
  }
  if (leadsElsewhere(response)) {
    throw new FinalError(
      `${url} leads elsewhere (${response.status || 'redirect'}), which is not followed`,
    )
  }
  return response
}

const isWorthRetrying = (status: number) => status >= 500 || status === 429

/** Browsers hide the status of a redirect that is not followed. */
function leadsElsewhere({ status, type }: Response): boolean {
  return type === 'opaqueredirect' || (status >= 300 && status < 400 && status !== 304)
}

/** Node's `fetch failed` says nothing; its cause has the code. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  const { cause } = error as { cause?: { code?: unknown; message?: unknown } }
  return String(cause?.code ?? cause?.message ?? error.message)
}

/** Ends early with the signal; the next try says so then. Keeps no process alive. */
function wait(milliseconds: number, ended: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const callOff = byTimers(end, milliseconds)
    function end() {
      callOff()
      ended.removeEventListener('abort', end)
      resolve()
    }
    ended.addEventListener('abort', end)
    if (ended.aborted) end()
  })
}
