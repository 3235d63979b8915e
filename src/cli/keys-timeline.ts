import { readKeySchedule } from '../keys/operations/schedule.ts'
import { drawTimeLine } from '../keys/time-line/svg.ts'
import { createTimeLine } from '../keys/time-line/time-line.ts'
import { toTimeLineJson } from '../keys/time-line/words.ts'
import type { Answer } from './answer.ts'
import { KEY_SETTINGS, withDeployment } from './deployment.ts'
import { writeTimeLine } from './time-line-text.ts'

/** Where there is no terminal that says how wide it is. */
const COLUMNS = 80

/** `mintmark keys timeline`: what was, is and is planned of the keys, as a picture. */
export async function drawKeys({ svg = false }: { svg?: boolean }): Promise<Answer> {
  const line = await withDeployment(KEY_SETTINGS, async ({ config, database, clock }) =>
    createTimeLine(await readKeySchedule(database.kysely, config, clock.now())),
  )
  const text = svg ? drawTimeLine(line) : writeTimeLine(line, process.stdout.columns ?? COLUMNS)
  return { json: toTimeLineJson(line), text }
}
