import { type Command, Option } from 'commander'
import { answering } from './answer.ts'
import { closeRestore } from './restored-close.ts'
import { tellRestore } from './restored-status.ts'

/** `mintmark restored`: what a database that was restored to an earlier point has lost. */
export function addRestoredCommands(program: Command): void {
  const restored = program
    .command('restored')
    .description('after a restore of the database: what it may have lost, and making up for it')
  restored
    .command('status')
    .description('say whether the database was set back, since when, and what may be lost by it')
    .action(answering(tellRestore))
  const alone = (name: string) => ['fromLog', 'endAll', 'nothingLost'].filter((one) => one !== name)
  restored
    .command('close')
    .description('make up for it in one of three ways, and write down that it was done')
    .addOption(
      new Option(
        '--from-log <file>',
        'end again the sessions that the service’s log says were ended; - is standard input',
      ).conflicts(alone('fromLog')),
    )
    .addOption(
      new Option(
        '--end-all',
        'end every session from before: all their users log in again',
      ).conflicts(alone('endAll')),
    )
    .addOption(
      new Option('--nothing-lost', 'end nothing: only write it down').conflicts(
        alone('nothingLost'),
      ),
    )
    .option('--yes', 'with --end-all: do it, and do not only say what it would do')
    .action(answering(closeRestore))
}
