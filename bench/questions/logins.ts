import { loggingIn } from '../contestants/mintmark/works.ts'
import { startChains } from '../load/chains.ts'
import { median } from '../report/statistics.ts'
import { figure } from '../report/table.ts'
import type { Question } from './finding.ts'
import { layGround } from './ground.ts'

const LOGINS_AT_ONCE = 100

/** Do people who log in slow down those who are logged in? */
export const logins: Question = async (context) => {
  const { pace, chains: sessions } = context.options
  const ground = await layGround(context, 'logins', { sessions })
  try {
    const { origin } = ground.service
    const users = startChains(loggingIn(ground.accounts))
    await ground.rotate({ seconds: 2 })
    const [alone, beside]: [number[], number[]] = [[], []]
    const perSecond: number[] = []
    for (let round = 0; round < pace.rounds; round += 1) {
      alone.push((await ground.rotate({ seconds: pace.seconds })).p99)
      const [rotations, login] = await Promise.all([
        ground.rotate({ seconds: pace.seconds }),
        context.send({
          origin,
          parts: [{ chains: users }],
          connections: LOGINS_AT_ONCE,
          seconds: pace.seconds,
        }),
      ])
      beside.push(rotations.p99)
      // One that did not fit into the queue was told so, at once: it is none of the rotations' trouble.
      perSecond.push((login.requests - login.failures) / login.seconds)
    }
    const [aloneMs, besideMs, loginsPerSecond] = [median(alone), median(beside), median(perSecond)]
    return {
      figures: {
        aloneP99Ms: aloneMs,
        besideP99Ms: besideMs,
        ratio: besideMs / aloneMs,
        loginsPerSecond,
      },
      lines: [
        `rotate p99 alone: ${figure(aloneMs)} ms`,
        `beside ${LOGINS_AT_ONCE} logins at once (${figure(loginsPerSecond)} done a second): ${figure(besideMs)} ms, ${figure(besideMs / aloneMs)} ×`,
      ],
    }
  } finally {
    await ground.close()
  }
}
