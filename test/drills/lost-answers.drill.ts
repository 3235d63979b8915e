import { untilSettled } from '../support/caller.ts'
import { drill, rounds } from '../support/drills.ts'
import { startFleet } from '../support/fleet.ts'
import { startLossyFront } from '../support/lossy-front.ts'

/** So many callers at a time, each behind a front of its own. */
const CALLERS = 4

const WHAT =
  'the connection reset after the commit, before the answer was read; tried again elsewhere'

drill('lost-answers', WHAT, async (t) => {
  const fleet = await startFleet(t, { count: 2 })
  const [answering, other] = fleet.replicas.map(({ url }) => url) as [string, string]
  const waiting = [...(await fleet.startSessions(rounds(1_000))).entries()]
  const total = waiting.length
  const seen = { lost: 0, keyed: 0, retried: 0, same: 0, alive: 0 }

  const callInTurn = async () => {
    const front = await startLossyFront(t, { url: answering })
    const loseOne = async (number: number, refreshToken: string) => {
      const isKeyed = number % 2 === 0
      const headers: Record<string, string> = isKeyed ? { 'idempotency-key': `try-${number}` } : {}
      const told = await fleet.refresh(front.url, refreshToken, headers).catch(() => undefined)
      if (told !== undefined || front.lost.length !== 1) return
      seen.lost += 1
      seen.keyed += isKeyed ? 1 : 0
      const { refresh_token: successor } = JSON.parse(front.lost.pop() as string)
      const retry = await untilSettled(() => fleet.refresh(other, refreshToken, headers))
      seen.retried += retry.status === 200 && retry.outcome === 'retried' ? 1 : 0
      seen.same += successor !== undefined && retry.body.refresh_token === successor ? 1 : 0
      const next = await untilSettled(() => fleet.refresh(answering, successor))
      seen.alive += next.status === 200 && next.outcome === 'rotated' ? 1 : 0
    }
    for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) await loseOne(...one)
  }
  await Promise.all(Array.from({ length: CALLERS }, callInTurn))

  const { rotations, ended } = await fleet.totals()
  t.equal(seen.lost, total, 'every first answer was lost')
  t.equal(seen.retried, total, 'every retry succeeds')
  t.equal(seen.same, total, 'with the successor that was lost')
  t.equal(seen.alive, total, 'which rotates in its turn')
  t.equal(ended, 0, 'no session has ended')
  t.equal(rotations, total * 2, 'the rows have moved twice, not three times')
  return {
    'answers lost': seen.lost,
    'of these with an Idempotency-Key': seen.keyed,
    'retries that succeeded': seen.retried,
    'with the same successor': seen.same,
    'sessions ended': ended,
    '503, asked again': fleet.caller.unavailable,
  }
})
