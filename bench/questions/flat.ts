import { median } from '../report/statistics.ts'
import { figure } from '../report/table.ts'
import type { Question } from './finding.ts'
import { type Ground, layGround, UNTIL_DONE_SECONDS } from './ground.ts'

const FEW = 10_000
/** Of many sessions so many are rotated, all over the table: more pages than Postgres keeps in memory. */
const ROTATED = 100_000

/** Is a rotation as fast in a large table as in a small one? */
export const flat: Question = async (context) => {
  const { pace, sessions } = context.options
  const grounds: Ground[] = []
  try {
    const few = await layGround(context, 'few', { sessions: Math.min(FEW, sessions) })
    grounds.push(few)
    console.log(`Seeding ${figure(sessions)} sessions; ten million take some minutes`)
    const many = await layGround(context, 'many', {
      sessions,
      rotated: Math.min(ROTATED, Math.ceil(sessions / 10)),
    })
    grounds.push(many)
    // The first change of a page after a checkpoint writes the whole page to the log, which is over
    // soon in a service that runs on: each session is rotated once before.
    for (const { chains, rotate } of grounds) {
      await rotate({ seconds: UNTIL_DONE_SECONDS, atMost: chains.values.length })
    }
    const rates = grounds.map((): number[] => [])
    for (let round = 0; round < pace.rounds; round += 1) {
      for (const [index, ground] of grounds.entries()) {
        const { requests, seconds } = await ground.rotate({ seconds: pace.seconds })
        rates[index]?.push(requests / seconds)
      }
    }
    const [fewPerSecond = 0, manyPerSecond = 0] = rates.map(median)
    return {
      figures: {
        sessions,
        fewPerSecond,
        manyPerSecond,
        ratio: manyPerSecond / fewPerSecond,
      },
      lines: [
        `${figure(FEW)} sessions: ${figure(fewPerSecond)} rotations/s`,
        `${figure(sessions)} sessions: ${figure(manyPerSecond)} rotations/s, ${figure(manyPerSecond / fewPerSecond)} ×`,
      ],
    }
  } finally {
    for (const { close } of grounds) await close()
  }
}
