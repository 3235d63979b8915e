import type { Command } from 'commander'
import { type Answer, answering } from './answer.ts'
import { limit } from './arguments.ts'
import { endSessions } from './sessions-end.ts'

/** Which user's sessions: by name or sub, or by sub alone. */
export interface SessionsOfUser {
  user?: string
  sub?: string
}

/** `mintmark sessions`: who is logged in, and ending that. */
export function addSessionsCommands(program: Command): void {
  const sessions = program.command('sessions').description('who is logged in, and ending that')
  sessions
    .command('list')
    .description('list the sessions that are alive, the last used first')
    .option('--user <username|sub>', 'of this user alone')
    .option('--sub <sub>', 'of this sub alone, whether a user here has it or not')
    .option('--client <client_id>', 'of this client alone')
    .option('--limit <n>', 'at most so many, 1 to 1000', limit, 50)
    .action(
      answering(
        async (options: SessionsOfUser & { client?: string; limit: number }): Promise<Answer> => {
          // Loaded only here: it alone needs the schemas of the API, which are 370 modules.
          const { listSessions } = await import('./sessions-list.ts')
          return listSessions(options)
        },
      ),
    )
  sessions
    .command('end')
    .description('end one session, or all of a user; their refresh tokens stop at once')
    .argument('[sid]', 'the session')
    .option('--user <username|sub>', 'all sessions of this user')
    .option('--sub <sub>', 'all sessions of this sub, whether a user here has it or not')
    .action(answering(endSessions))
}
