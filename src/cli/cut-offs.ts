import type { Command } from 'commander'
import type { Executor } from '../db/connect.ts'
import { listCutOffs } from '../revocations/read/store.ts'
import { hasSessions } from '../stories/store.ts'
import { findUsernames } from '../users/store.ts'
import { type Answer, answering } from './answer.ts'
import { instant, limit } from './arguments.ts'
import { unknownClient } from './clients-show.ts'
import { withDeployment } from './deployment.ts'
import { CommandFailure, EXIT } from './failure.ts'
import { operator } from './operator.ts'
import type { SessionsOfUser } from './sessions.ts'
import { OFFLINE_NOTE } from './sessions-end.ts'
import { count, table } from './table.ts'
import { iso, when } from './times.ts'
import { whose } from './whose.ts'

/** `mintmark cut-offs`: ending all sessions that started before an instant. */
export function addCutOffsCommands(program: Command): void {
  const cutOffs = program
    .command('cut-offs')
    .description('end all sessions of a user or a client that started before an instant')
  cutOffs
    .command('set')
    .description('end them; the newest instant stands')
    .option('--user <username|sub>', 'the sessions of this user')
    .option('--sub <sub>', 'the sessions of this sub, whether a user here has it or not')
    .option('--client <client_id>', 'the sessions of this client, however many')
    .option(
      '--before <instant>',
      'those that started before, such as 2026-11-21T12:00:00Z; else all',
      instant,
    )
    .action(answering(setCutOff))
  cutOffs
    .command('list')
    .description('list the cut-offs, the latest made first')
    .option('--limit <n>', 'at most so many, 1 to 1000', limit, 50)
    .action(answering(showCutOffs))
}

function setCutOff(
  options: SessionsOfUser & { client?: string; before?: number },
): Promise<Answer> {
  const { client, before } = options
  const isOfUser = options.user !== undefined || options.sub !== undefined
  if ((client === undefined) !== isOfUser) {
    throw new CommandFailure('usage', 'give one of --user, --sub and --client', EXIT.usage)
  }
  const kind = isOfUser ? 'user' : 'client'
  return withDeployment([], async ({ database: { kysely }, cutOffs, clock }) => {
    const now = clock.now()
    if (before !== undefined && before > now) {
      throw new CommandFailure('usage', '--before must not be in the future', EXIT.usage)
    }
    const id = (isOfUser ? await whose(kysely, options, now) : client) as string
    if (isOfUser) await requireKnown(kysely, id)
    const result = await cutOffs.set({ kind, id }, before, operator)
    if (result === undefined) throw unknownClient(id)
    const { ended, more, cutOff } = result
    const number = `${more ? 'more than ' : ''}${count(ended, 'session')}`
    return {
      json: { kind, id, not_before: iso(cutOff.notBefore), sessions_ended: ended, more },
      text: `Ended ${number} of ${kind} ${id}: all that started before ${when(cutOff.notBefore)}.`,
      notes: [OFFLINE_NOTE],
    }
  })
}

/** Nobody shall believe that a mistyped user was logged out. */
async function requireKnown(db: Executor, sub: string): Promise<void> {
  if ((await findUsernames(db, [sub])).has(sub) || (await hasSessions(db, sub))) return
  const message = `no user has the sub ${sub || '""'}, and no session: a username goes with --user`
  throw new CommandFailure('user_not_found', message)
}

function showCutOffs({ limit }: { limit: number }): Promise<Answer> {
  return withDeployment([], async ({ database }) => {
    // One more than is shown tells whether there are more.
    const found = await listCutOffs(database.kysely, { limit: limit + 1 })
    const made = found.slice(0, limit)
    const more = found.length > limit
    return {
      json: {
        cut_offs: made.map((one) => ({
          kind: one.kind,
          id: one.id,
          not_before: iso(one.notBefore),
          reason: one.reason,
          made_at: iso(one.madeAt),
          made_by: one.madeBy,
        })),
        more,
      },
      text: table(
        ['of', 'id', 'not before', 'reason', 'made', 'by'],
        made.map((one) => [
          one.kind,
          one.id,
          when(one.notBefore),
          one.reason,
          when(one.madeAt),
          one.madeBy,
        ]),
        'No cut-offs.',
      ),
      notes: more ? [`The latest ${count(limit, 'cut-off')}; there are more: --limit`] : [],
    }
  })
}
