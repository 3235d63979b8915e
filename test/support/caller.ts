import { Agent, request } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import type { Test } from 'tap'

/** An answer, as far as drills look at it. */
export interface Answered {
  readonly status: number
  /** What the header `Refresh-Outcome` says. */
  readonly outcome: string | undefined
  readonly body: Readonly<Record<string, unknown>>
}

/** Sends requests on connections that are kept, tens of thousands of them at little cost. */
export interface Caller {
  /** Rejects when the connection breaks before the answer has been read. */
  post(
    url: string,
    body: Record<string, unknown>,
    headers?: Record<string, string>,
  ): Promise<Answered>
  get(url: string, headers?: Record<string, string>): Promise<Answered>
  /** How many answers were 503 so far. */
  readonly unavailable: number
  /** How many requests ended with their connection, unanswered. */
  readonly broken: number
}

/** How long a caller waits before it asks again. In milliseconds. */
const BREATH = 50
/** Whatever is asked for comes within so many tries, or does not come. */
const TRIES = 600

/** A caller whose connections are closed at the end of the test. Its bodies are JSON. */
export function createCaller(t: Test): Caller {
  const agent = new Agent({ keepAlive: true })
  t.teardown(() => agent.destroy())
  let unavailable = 0
  let broken = 0
  const send = (method: string, url: string, headers: Record<string, string>, body = '') =>
    new Promise<Answered>((resolve, reject) => {
      const breaks = (error: Error) => {
        broken += 1
        reject(error)
      }
      const asked = request(url, { agent, method, headers }, (answer) => {
        let text = ''
        answer.setEncoding('utf8')
        answer.on('data', (part: string) => {
          text += part
        })
        answer.on('error', breaks)
        answer.on('end', () => {
          const { statusCode: status = 0 } = answer
          if (status === 503) unavailable += 1
          const outcome = answer.headers['refresh-outcome']?.toString()
          resolve({ status, outcome, body: text === '' ? {} : JSON.parse(text) })
        })
      })
      asked.on('error', breaks)
      asked.end(body)
    })
  return {
    post(url, body, headers = {}) {
      const form = JSON.stringify(body)
      const length = { 'content-type': 'application/json', 'content-length': `${form.length}` }
      return send('POST', url, { ...length, ...headers }, form)
    },
    get: (url, headers = {}) => send('GET', url, headers),
    get unavailable() {
      return unavailable
    },
    get broken() {
      return broken
    },
  }
}

/** Asks until there is an answer other than 503, whether the connection breaks or not. */
export async function untilSettled(ask: () => Promise<Answered>): Promise<Answered> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const answer = await ask().catch(() => undefined)
    if (answer !== undefined && answer.status !== 503) return answer
    await pause(BREATH)
  }
  throw new Error(`no answer in ${TRIES} tries`)
}
