import type { Command } from 'commander'
import { type Answer, answering } from './answer.ts'
import { lifetime } from './arguments.ts'
import { explainReason } from './explain-reason.ts'

const DAY_SECONDS = 86_400

/** `mintmark explain`: what happened, and why. */
export function addExplainCommands(program: Command): void {
  const explain = program.command('explain').description('what happened, and why')
  explain
    .command('session')
    .description('what happened to a session: how it was used, how and why it ended, who did it')
    .argument('<id>', 'its sid, the jti of one of its access tokens, or the id of a request')
    .action(
      answering(async (id: string): Promise<Answer> => {
        // Loaded only here, like the schemas of the API that it needs.
        const { explainSession } = await import('./explain-session.ts')
        return explainSession(id)
      }),
    )
  explain
    .command('user')
    .description('what happened to a user and the user’s sessions')
    .argument('<user>', 'a username or a sub')
    .option(
      '--last <duration>',
      'how long to look back, such as 30m, 24h or 7d',
      lifetime,
      DAY_SECONDS,
    )
    .option('--sub', 'take it for a sub, though a user has it as a name')
    .action(
      answering(async (user: string, options: { last: number; sub?: true }): Promise<Answer> => {
        const { explainUser } = await import('./explain-user.ts')
        return explainUser(user, options)
      }),
    )
  explain
    .command('reason')
    .description('what an error means: its cause, how to confirm it, what to do; needs no database')
    .argument('[code]', 'the reason of an OAuth error, or the code of a problem; all without it')
    .action(answering(explainReason))
}
