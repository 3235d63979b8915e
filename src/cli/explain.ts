import type { Command } from 'commander'
import { answering } from './answer.ts'
import { explainReason } from './explain-reason.ts'

/** `mintmark explain`: what happened, and why. */
export function addExplainCommands(program: Command): void {
  const explain = program.command('explain').description('what happened, and why')
  explain
    .command('reason')
    .description('what an error means: its cause, how to confirm it, what to do; needs no database')
    .argument('[code]', 'the reason of an OAuth error, or the code of a problem; all without it')
    .action(answering(explainReason))
}
