import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import type { VerifierOptions, VerifierStats } from '../../src/verifier/types.ts'
import { createCaller } from './caller.ts'
import { freePort, startProgram, untilAnswered } from './process.ts'

/** A service that verifies by the package: a process of its own. */
export interface Sibling {
  /** Shows it a token; the status that it answers, its code, and whether it says when to come again. */
  ask(token: string): Promise<{ status: number; code: unknown }>
  /** Shows it many at once; the status that it would answer for each. */
  askAll(tokens: readonly string[]): Promise<number[]>
  /** Moves its clock, and returns what it is then, in milliseconds since the epoch. */
  advance(seconds: number): Promise<number>
  stats(): Promise<VerifierStats>
}

const PROGRAM = fileURLToPath(new URL('sibling-program.ts', import.meta.url))

/** Starts one; ended with the test. */
export async function startSibling(t: Test, options: VerifierOptions): Promise<Sibling> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const program = startProgram(t, PROGRAM, { PORT: `${port}`, VERIFIER: JSON.stringify(options) })
  await untilAnswered(program, `${url}/stats`)
  const caller = createCaller(t)
  const post = async <T>(path: string, body: string): Promise<T> => {
    const answer = await fetch(`${url}${path}`, { method: 'POST', body })
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status}`)
    return (await answer.json()) as T
  }
  return {
    async ask(token) {
      const { status, body } = await caller.get(`${url}/`, { authorization: `Bearer ${token}` })
      return { status, code: body.code }
    },
    askAll: (tokens) => post('/tokens', tokens.join('\n')),
    advance: (seconds) => post('/clock', `${seconds}`),
    stats: async () => (await fetch(`${url}/stats`)).json() as Promise<VerifierStats>,
  }
}
