import { uuidV7 } from '../../../src/base/random.ts'
import { addSession } from '../../../src/sessions/store.ts'
import { createStoppedClock } from '../clock.ts'
import { granted, OWN_CLIENT, type World } from './replica.ts'
import type { Schedule } from './schedule.ts'
import { type State, started } from './table.ts'

const ADDRESS = '192.0.2.1'

/** A session that starts now, in the database and in the model, and how to look at both. */
export async function startRecord(
  world: World,
  { cookie, idleTtl, maxTtl }: Pick<Schedule, 'cookie' | 'idleTtl' | 'maxTtl'>,
) {
  const [database] = world.databases
  const clock = createStoppedClock()
  const now = clock.now()
  const { value: first, handleHash } = world.refreshTokens.draw()
  const sid = uuidV7(now, world.random)
  const state = started(now, { cookie, idleTtl, maxTtl }, ADDRESS)
  await addSession(
    database.kysely,
    {
      ...{ sid, clientId: OWN_CLIENT, sub: `sub of ${sid}`, ...granted, roles: [], claims: {} },
      ...{ authTime: now, amr: [], acr: undefined, createdAt: now, lastUsedAt: now },
      device: { userAgent: undefined, address: ADDRESS, label: undefined },
      ...{ idleExpiresAt: state.idleEndsAt, expiresAt: state.maxEndsAt, ended: undefined },
    },
    handleHash,
  )
  const readRow = async () => {
    const statement = {
      name: 'model.row',
      text: 'select to_jsonb(s) as row from sessions s where id = $1',
    }
    const [found] = await database.run<{ row: Record<string, unknown> }>(statement, [sid])
    return found?.row ?? {}
  }
  return {
    clock,
    sid,
    first,
    state,
    /** The row as it is at the start. */
    row: await readRow(),
    readRow,
    /** Sets the row back to what it was. */
    async writeRow(row: Record<string, unknown>) {
      const columns = Object.keys(row).join(', ')
      const text = `update sessions set (${columns}) = (select ${columns} from jsonb_populate_record(null::sessions, $2)) where id = $1`
      await database.run({ name: 'model.restore', text }, [sid, JSON.stringify(row)])
    },
    /** What the database has at the end, as {@link asRow} tells it of the model. */
    async read() {
      const row = await readRow()
      const events = await database.run<{ type: string; address: string; detail: never }>(
        { name: 'model.events', text: 'select type, address, detail from events where sid = $1' },
        [sid],
      )
      const at = (column: unknown) => column && Date.parse(String(column))
      return {
        generation: row.generation,
        ended: row.end_reason ?? undefined,
        usedAt: at(row.last_used_at),
        idleEndsAt: at(row.idle_expires_at),
        address: row.address,
        refusals: row.refusals,
        events: events.flatMap(eventWords).sort(),
      }
    },
    asRow: ({ generation, ended, usedAt, idleEndsAt, address, refusals, events }: State) => ({
      ...{ generation, ended, usedAt, idleEndsAt, address, refusals },
      events: events.toSorted(),
    }),
  }
}

/** An event in the words of the model; those that the model does not know are left out. */
function eventWords(event: {
  type: string
  address: string
  detail: Record<string, unknown>
}): string[] {
  const { generation, presented, lostForSeconds, lastAddress } = event.detail
  switch (event.type) {
    case 'refresh.client_mismatch':
      return ['mismatch']
    case 'refresh.ahead':
      return [`ahead ${generation} ${presented}`]
    case 'refresh.recovered':
      return [`recovered ${generation} ${lostForSeconds}`]
    case 'refresh.reused':
      return [`reused ${generation} ${presented} by ${event.address} after ${lastAddress}`]
    default:
      return []
  }
}
