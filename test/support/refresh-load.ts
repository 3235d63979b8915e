import { Agent, request } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import type { Test } from 'tap'

/** A session as its client knows it. */
export interface Chain {
  readonly sid: string
  readonly sub: string
  readonly clientId: string
  refreshToken: string
}

/** What a load has met so far. */
export interface Counts {
  rotated: number
  retried: number
  recovered: number
  /** Answers 503 with `Retry-After`. */
  unavailable: number
  /** Connections to the service that broke, or were silent for too long. */
  brokenConnections: number
}

/** Callers that each refresh one session again and again, until they are stopped. */
export interface RefreshLoad {
  readonly counts: Counts
  /** Every answer that no client should get: whatever is neither a success nor an honest 503. */
  readonly wrong: string[]
  /** How often each reason was given with a 503. */
  readonly reasons: Map<string, number>
  /** Waits for the first success of a refresh sent after that instant (ms); returns when it came. */
  succeededAfter(instant: number): Promise<number>
  /** Stops, and refreshes each session once more. Returns those whose chain does not go on. */
  stop(): Promise<Chain[]>
}

/** A caller's pause between two refreshes, and before it tries again. In milliseconds. */
const PACE = 25
const BACKOFF = 100

/** So long a refresh, and each chain, may take to go on after the fault is over. In milliseconds. */
const PATIENCE = 60_000
const SILENCE = 20_000

interface Answer {
  status: number
  outcome: string | undefined
  retryAfter: string | undefined
  body: string
}

/**
 * Starts one caller a chain; it goes to the services in turn, and keeps its token until a 200. Ends
 * with the test, however that ends.
 */
export function startRefreshLoad(
  t: Test,
  services: readonly { url: string }[],
  chains: readonly Chain[],
): RefreshLoad {
  const agent = new Agent({ keepAlive: true })
  const counts: Counts = {
    rotated: 0,
    retried: 0,
    recovered: 0,
    unavailable: 0,
    brokenConnections: 0,
  }
  const wrong: string[] = []
  const reasons = new Map<string, number>()
  const lost = new Set<Chain>()
  const waiting = new Set<{ after: number; resolve: (at: number) => void }>()
  let stopped = false
  let turn = 0

  /** Whether the chain went on. */
  const refreshOnce = async (chain: Chain): Promise<boolean> => {
    const { url } = services[turn % services.length] as { url: string }
    turn += 1
    const sentAt = Date.now()
    const answer = await send(agent, url, chain).catch(() => undefined)
    if (answer === undefined) counts.brokenConnections += 1
    else if (answer.status === 200) {
      chain.refreshToken = JSON.parse(answer.body).refresh_token
      counts[answer.outcome as 'rotated' | 'retried' | 'recovered'] += 1
      for (const one of waiting) {
        if (sentAt <= one.after) continue
        waiting.delete(one)
        one.resolve(Date.now())
      }
      return true
    } else if (answer.status === 503 && Number(answer.retryAfter) > 0) {
      counts.unavailable += 1
      const { reason } = JSON.parse(answer.body)
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
    } else {
      wrong.push(`${answer.status} ${answer.body}`)
      // As clients do: invalid_grant means that the session is over.
      if (answer.body.includes('"invalid_grant"')) lost.add(chain)
    }
    return false
  }

  const call = async (chain: Chain) => {
    while (!stopped && !lost.has(chain)) await pause((await refreshOnce(chain)) ? PACE : BACKOFF)
  }
  const callers = Promise.all(chains.map(call))
  t.teardown(() => {
    stopped = true
    return callers
  })

  return {
    counts,
    wrong,
    reasons,
    succeededAfter: (after) => {
      const { promise, resolve, reject } = Promise.withResolvers<number>()
      waiting.add({ after, resolve })
      const late = setTimeout(() => reject(new Error('no refresh succeeds any more')), PATIENCE)
      return promise.finally(() => clearTimeout(late))
    },
    async stop() {
      stopped = true
      await callers
      const until = Date.now() + PATIENCE
      await Promise.all(
        chains.map(async (chain) => {
          while (!lost.has(chain) && !(await refreshOnce(chain))) {
            if (Date.now() > until) lost.add(chain)
            await pause(BACKOFF)
          }
        }),
      )
      agent.destroy()
      return [...lost]
    },
  }
}

/** Not by fetch, each of whose answers is held against the document: that is the suite's to do. */
function send(agent: Agent, url: string, chain: Chain): Promise<Answer> {
  const body = new URLSearchParams({
    client_id: chain.clientId,
    refresh_token: chain.refreshToken,
  }).toString()
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/refresh`, { method: 'POST', agent, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.on('error', reject).on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          outcome: response.headers['refresh-outcome']?.toString(),
          retryAfter: response.headers['retry-after'],
          body: text,
        }),
      )
    })
    sent.setTimeout(SILENCE, () => sent.destroy(new Error('silence')))
    sent.on('error', reject).end(body)
  })
}
