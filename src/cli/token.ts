import type { Command } from 'commander'
import { answering } from './answer.ts'
import { addIssuerOptions, onceOption, urlOption } from './issuer-options.ts'
import { inspectToken } from './token-inspect.ts'
import { verifyToken } from './token-verify.ts'

const TOKEN =
  'an access token or a refresh token; - reads it from standard input, where others cannot see it'

/** `mintmark token`: what a token says, and whether it is good. */
export function addTokenCommands(program: Command): void {
  const token = program.command('token').description('what a token says, and whether it is good')
  token
    .command('inspect')
    .description('show what a token says, without verifying it; needs no database')
    .argument('<token>', TOKEN)
    .action(answering(inspectToken))
  const verify = token
    .command('verify')
    .description('check a token of this service one thing after the other; uses nothing up')
    .argument('<token>', TOKEN)
    .option('--audience <uri>', 'check also that it is for this audience', onceOption)
    .option(
      '--issuer <url>',
      'ask this issuer over the network, as its verifiers do, and no database; needs --audience',
      urlOption,
    )
    .option('--scope <names>', 'with --issuer: scopes that it must have, with spaces between')
    .option('--revocation', 'with --issuer: ask its feed of revocations, too')
  addIssuerOptions(verify).action(answering(verifyToken))
}
