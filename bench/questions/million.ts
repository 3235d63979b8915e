import { query } from '../database/query.ts'
import { rowsPerRequest, rowsWritten, untilCounted } from '../measure/written.ts'
import { figure } from '../report/table.ts'
import type { Question } from './finding.ts'
import { layGround, UNTIL_DONE_SECONDS } from './ground.ts'

interface Size {
  rows: number
  tableBytes: number
  indexBytes: number
}

/** Does the table grow by being used? */
export const million: Question = async (context) => {
  const { rotations, chains: sessions } = context.options
  const ground = await layGround(context, 'million', { sessions })
  const { databaseUrl } = ground.deployment
  try {
    await untilCounted()
    const [before, written] = [
      await sizeOf(databaseUrl),
      await rowsWritten(databaseUrl, 'sessions'),
    ]
    const { requests } = await ground.rotate({ seconds: UNTIL_DONE_SECONDS, atMost: rotations })
    await untilCounted()
    const after = await sizeOf(databaseUrl)
    const each = rowsPerRequest(written, await rowsWritten(databaseUrl, 'sessions'), 1)
    return {
      figures: {
        rotations: requests,
        rowsBefore: before.rows,
        rowsAfter: after.rows,
        tableBytesBefore: before.tableBytes,
        tableBytesAfter: after.tableBytes,
        indexBytesBefore: before.indexBytes,
        indexBytesAfter: after.indexBytes,
        updated: each.updated,
        updatedHot: each.hot,
      },
      lines: [
        `${figure(requests)} rotations of ${figure(sessions)} sessions`,
        `before: ${describe(before)}`,
        `after:  ${describe(after)}`,
        `rows updated: ${figure(each.updated)}, of which HOT: ${figure(each.hot)}`,
      ],
    }
  } finally {
    await ground.close()
  }
}

async function sizeOf(databaseUrl: string): Promise<Size> {
  const [row] = await query<{ [Name in keyof Size]: number }>(
    databaseUrl,
    `select (select count(*) from sessions)::float8 as rows,
      pg_relation_size('sessions')::float8 as "tableBytes",
      pg_indexes_size('sessions')::float8 as "indexBytes"`,
  )
  return row as Size
}

function describe({ rows, tableBytes, indexBytes }: Size): string {
  return `${figure(rows)} rows, table ${figure(tableBytes)} bytes, indexes ${figure(indexBytes)} bytes`
}
