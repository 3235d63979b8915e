/** How an issuer fails: 503, no connection at all, text in place of JSON, or a JWKS without a key. */
export type Fault = 'unavailable' | 'unreachable' | 'garbage' | 'empty'

/** What is wrong with a test issuer now. */
export interface Faults {
  fault: Fault | undefined
  /** In milliseconds, before each answer. */
  delay: number
}

/** Waits before an answer, unless whoever asked goes away; throws the reason of that. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  if (milliseconds <= 0) return
  await new Promise<void>((resolve, reject) => {
    const leave = () => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', leave)
      resolve()
    }, milliseconds)
    signal.addEventListener('abort', leave, { once: true })
  })
}

/** The answer of an issuer that fails so; undefined where the fault does not concern the path. */
export function failingAnswer(fault: Fault, isJwks: boolean): Response | undefined {
  if (fault === 'unreachable') throw new TypeError('fetch failed: the test issuer is unreachable')
  if (fault === 'unavailable') {
    return Response.json(
      { status: 503, title: 'the test issuer is down', code: 'unavailable' },
      { status: 503, headers: { 'retry-after': '1', 'content-type': 'application/problem+json' } },
    )
  }
  if (fault === 'garbage') {
    return new Response('<html>It works!</html>', { headers: { 'content-type': 'text/html' } })
  }
  return isJwks ? Response.json({ keys: [] }) : undefined
}
