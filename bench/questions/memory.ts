import { residentBytes } from '../measure/memory.ts'
import { median } from '../report/statistics.ts'
import { figure } from '../report/table.ts'
import type { Question } from './finding.ts'
import { layGround } from './ground.ts'

const EVERY_MS = 5_000

/** What does a process need after minutes of full load, and does it ask for more and more? */
export const memory: Question = async (context) => {
  const { minutes, chains: sessions } = context.options
  const ground = await layGround(context, 'memory', { sessions })
  const { pid } = ground.service.program
  const megabytes: number[] = []
  const read = () => megabytes.push((residentBytes(pid) ?? Number.NaN) / 1e6)
  const reading = setInterval(read, EVERY_MS)
  try {
    const { requests, seconds } = await ground.rotate({ seconds: Math.round(minutes * 60) })
    read()
    // The first fifth is still its warming up.
    const fifth = Math.max(1, Math.floor(megabytes.length / 5))
    const early = median(megabytes.slice(fifth, 2 * fifth))
    const late = median(megabytes.slice(-fifth))
    return {
      figures: {
        minutes,
        mostMb: Math.max(...megabytes),
        lastMb: megabytes.at(-1) as number,
        earlyMb: early,
        lateMb: late,
        growth: late / early,
        perSecond: requests / seconds,
      },
      lines: [
        `${figure(requests / seconds)} rotations/s for ${minutes} minutes, RSS in MB every ${EVERY_MS / 1000} s:`,
        megabytes.map((one) => one.toFixed(0)).join(' '),
        `second fifth: ${figure(early)}, last fifth: ${figure(late)}, most: ${figure(Math.max(...megabytes))}`,
      ],
    }
  } finally {
    clearInterval(reading)
    await ground.close()
  }
}
