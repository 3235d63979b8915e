import type { Command } from 'commander'

/** `mintmark serve`: the same as `npm start`. */
export function addServeCommand(program: Command): void {
  program
    .command('serve')
    .description('run the service until a signal ends it (the same as npm start)')
    .action(async () => {
      // Loaded only here: no other command needs the whole service.
      const { serve } = await import('../main.ts')
      await serve()
    })
}
