import type { Test } from 'tap'
import { type Answered, untilSettled } from './caller.ts'
import type { Figures } from './drills-report.ts'
import type { Fleet } from './fleet.ts'

const CALLERS = 50

/**
 * Has fifty callers refresh each of `sessions` sessions at once, spread over the replicas, `beside`
 * sessions at a time, and asserts that every session has moved by one step and has one successor.
 * Returns what was counted.
 */
export async function burst(
  t: Test,
  fleet: Fleet,
  options: { sessions: number; beside: number },
): Promise<Figures> {
  const waiting = await fleet.startSessions(options.sessions)
  const seen = { answers: 0, rotations: 0, retries: 0, forks: 0, refusals: 0 }
  const began = performance.now()

  const refreshOne = async (token: string) => {
    const answers = await Promise.all(
      Array.from({ length: CALLERS }, (_, caller) => {
        const replica = fleet.replicas[caller % fleet.replicas.length]
        return untilSettled(() => fleet.refresh(`${replica?.url}`, token))
      }),
    )
    const good = answers.filter(({ status }) => status === 200)
    const came = (outcome: string) => good.filter((answer) => answer.outcome === outcome).length
    seen.answers += good.length
    seen.refusals += answers.length - good.length
    seen.rotations += came('rotated')
    seen.retries += came('retried')
    seen.forks += new Set(good.map(successorOf)).size === 1 ? 0 : 1
  }
  const callInTurn = async () => {
    for (let token = waiting.pop(); token !== undefined; token = waiting.pop()) {
      await refreshOne(token)
    }
  }
  await Promise.all(Array.from({ length: options.beside }, callInTurn))
  const seconds = (performance.now() - began) / 1000

  const { sessions } = options
  const { rotations, ended } = await fleet.totals()
  t.equal(seen.answers, sessions * CALLERS, 'every caller gets tokens')
  t.equal(seen.refusals, 0, 'none is refused')
  t.equal(seen.forks, 0, 'each session has one successor')
  t.equal(ended, 0, 'no session has ended')
  t.equal(rotations, sessions, 'the rows say that each has rotated once')
  t.equal(seen.rotations, sessions, 'and so do the answers')
  t.equal(seen.retries, sessions * (CALLERS - 1), 'all others were retries')
  return {
    sessions,
    'answered 200': seen.answers,
    refused: seen.refusals,
    rotations,
    forks: seen.forks,
    'sessions ended': ended,
    '503, asked again': fleet.caller.unavailable,
    'connections broken': fleet.caller.broken,
    'refreshes a second': Math.round(seen.answers / seconds),
  }
}

const successorOf = ({ body }: Answered) => body.refresh_token
