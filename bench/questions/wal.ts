import { query } from '../database/query.ts'
import { walBytes } from '../measure/written.ts'
import { figure } from '../report/table.ts'
import type { Question } from './finding.ts'
import { layGround, UNTIL_DONE_SECONDS } from './ground.ts'

/** How many bytes does Postgres log for a rotation, once each page has been logged as a whole? */
export const wal: Question = async (context) => {
  const { chains: sessions, pace } = context.options
  const ground = await layGround(context, 'wal', { sessions })
  const { url } = context.cluster
  try {
    await query(url, 'checkpoint')
    const read = async () => ({ bytes: await walBytes(url), images: await pageImages(url) })
    const first = await read()
    const once = await ground.rotate({ seconds: UNTIL_DONE_SECONDS, atMost: sessions })
    const before = await read()
    const { requests } = await ground.rotate({ seconds: pace.seconds * pace.rounds })
    const after = await read()
    const bytesPerRotation = (after.bytes - before.bytes) / requests
    const bytesPerFirstRotation = (before.bytes - first.bytes) / once.requests
    return {
      figures: { bytesPerRotation, bytesPerFirstRotation, rotations: requests },
      lines: [
        `the first rotation of each session: ${figure(bytesPerFirstRotation)} B, with ${figure(before.images - first.images)} page images in all`,
        `then: ${figure(bytesPerRotation)} B, with ${figure(after.images - before.images)} page images in ${figure(requests)} rotations`,
      ],
    }
  } finally {
    await ground.close()
  }
}

/** Whole pages that have been logged; Postgres counts them a little late. */
async function pageImages(url: string): Promise<number> {
  const [row] = await query<{ images: number }>(
    url,
    'select wal_fpi::float8 as images from pg_stat_wal',
  )
  return row?.images ?? 0
}
