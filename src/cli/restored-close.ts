import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { endAsLogged, endStartedBefore } from '../sessions/end-many.ts'
import { type LoggedEnd, readLoggedEnd } from '../sessions/session-log.ts'
import { countStartedBefore } from '../sessions/started-before/store.ts'
import type { Answer } from './answer.ts'
import { type Deployment, withDeployment } from './deployment.ts'
import { CommandFailure, EXIT } from './failure.ts'
import { operator } from './operator.ts'
import { whatToRepeat } from './restored-acts.ts'
import { readRestore } from './restored-status.ts'
import { OFFLINE_NOTE } from './sessions-end.ts'
import { count } from './table.ts'
import { when } from './times.ts'

/** Which way to close a set-back; exactly one of the first three. */
export interface ClosingWay {
  fromLog?: string
  endAll?: true
  nothingLost?: true
  yes?: true
}

/** Closes a set-back of the database, also one that no refresh has found yet. */
export function closeRestore(way: ClosingWay): Promise<Answer> {
  const { fromLog, endAll, nothingLost } = way
  if (fromLog === undefined && !endAll && !nothingLost) {
    const message = 'give --from-log <file>, --end-all or --nothing-lost'
    throw new CommandFailure('usage', message, EXIT.usage)
  }
  return withDeployment([], async (deployment) => {
    if (fromLog !== undefined) return closeFromLog(deployment, fromLog)
    if (endAll) return closeByEndingAll(deployment, way.yes === true)
    await writeDown(deployment, 'nothing_lost', 0)
    return { json: { how: 'nothing_lost', ended: 0 }, text: 'Written down: nothing was lost.' }
  })
}

async function closeFromLog(deployment: Deployment<never>, file: string): Promise<Answer> {
  const { ends, lines } = await readEnds(file)
  const ended = await endAsLogged(deployment.endSessions, ends, operator)
  await writeDown(deployment, 'from_log', ended.length)
  const repeat = whatToRepeat(ended)
  return {
    json: { how: 'from_log', lines, ends_logged: ends.length, ended: ended.length, repeat },
    text: `Read ${count(lines, 'line')}, which tell of ${count(ends.length, 'ended session')}: ${ended.length} of them lived and were ended again.`,
    notes: [
      ...repeat,
      'Commands are not in the log of the service: repeat those that ended something.',
      OFFLINE_NOTE,
    ],
  }
}

async function closeByEndingAll(deployment: Deployment<never>, isSure: boolean): Promise<Answer> {
  const { database, endSessions, clock } = deployment
  const db = database.kysely
  const { setBack } = await readRestore(db)
  const before = setBack?.foundAt ?? clock.now()
  const now = clock.now()
  const { sessions, users } = await countStartedBefore(db, before, now)
  const tell = (number: number) =>
    `${count(number, 'session')} that started before ${when(before)}; ${count(users, 'user')} will have to log in again`
  if (!isSure) {
    throw new CommandFailure('not_confirmed', `this ends ${tell(sessions)}: add --yes`, EXIT.usage)
  }
  const ended = await endStartedBefore({ db, endSessions }, before, now, operator)
  await writeDown(deployment, 'end_all', ended)
  return {
    json: { how: 'end_all', ended, users },
    text: `Ended ${tell(ended)}.`,
    notes: [OFFLINE_NOTE],
  }
}

function writeDown(
  { database, recordEvents }: Deployment<never>,
  how: 'from_log' | 'end_all' | 'nothing_lost',
  ended: number,
): Promise<void> {
  return database.transaction((tx) =>
    recordEvents(tx, operator.origin, [{ type: 'restore.closed', how, ended }]),
  )
}

/** Reads a log line by line, since it may be large; `-` is standard input. */
async function readEnds(file: string): Promise<{ ends: LoggedEnd[]; lines: number }> {
  const ends = new Map<string, LoggedEnd>()
  let lines = 0
  const input = file === '-' ? process.stdin : createReadStream(file)
  try {
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      lines += 1
      const end = readLoggedEnd(line)
      if (end !== undefined && !ends.has(end.sid)) ends.set(end.sid, end)
    }
  } catch (error) {
    const message = `the log cannot be read: ${(error as Error).message}`
    throw new CommandFailure('log_unreadable', message, EXIT.usage)
  }
  return { ends: [...ends.values()], lines }
}
