import { type Command, Option } from 'commander'
import { algorithmNames } from '../jwt/algorithms.ts'
import { answering } from './answer.ts'
import { exportFormats, exportPublic } from './keys-export.ts'
import { importKey } from './keys-import.ts'
import { reencryptKeys } from './keys-reencrypt.ts'
import { revokeKey } from './keys-revoke.ts'
import { rotateKeys } from './keys-rotate.ts'
import { tellKeys } from './keys-status.ts'
import { drawKeys } from './keys-timeline.ts'

/** `mintmark keys`: the keys that sign access tokens. */
export function addKeysCommands(program: Command): void {
  const keys = program.command('keys').description('the keys that sign access tokens')
  keys
    .command('status')
    .alias('list')
    .description(
      'tell everything of each key, oldest first: until when its tokens live, and who knows it',
    )
    .action(answering(tellKeys))
  keys
    .command('rotate')
    .description('say what is to come of them, or have the next one sign earlier')
    .option('--plan', 'the steps to come, with the arithmetic; changes nothing')
    .option('--now', 'as soon as every verifier knows the next key')
    .addOption(new Option('--alg <algorithm>', 'only this one').choices(algorithmNames))
    .action(answering(rotateKeys))
  keys
    .command('revoke')
    .description('revoke a key that leaked: what it signed is good no more, and its next one signs')
    .argument('<kid>', 'as keys status tells it; after -- if it begins with -')
    .option('--emergency', 'do it, and do not only say what it would do')
    .action(answering(revokeKey))
  keys
    .command('import')
    .description('take in a private key as the next one of its algorithm')
    .argument('<file>', 'PKCS#8 in PEM or a JWK; - for standard input')
    .addOption(new Option('--alg <algorithm>', 'what an RSA key signs by').choices(algorithmNames))
    .action(answering(importKey))
  keys
    .command('export-public')
    .description('print the public half of all published keys, or of one of any state')
    .argument('[kid]', 'as keys status tells it; after -- if it begins with -')
    .addOption(
      new Option('--format <format>', 'how; jwk and pem are of one key')
        .choices(exportFormats)
        .default('jwks'),
    )
    .action(answering(exportPublic))
  keys
    .command('reencrypt')
    .description(
      'encrypt them under the first master key, which every replica must have, while the service runs',
    )
    .action(answering(reencryptKeys))
  keys
    .command('timeline')
    .description('draw their life: what was, what is, and the next two turns of each algorithm')
    .option('--svg', 'as an SVG image, for a file')
    .action(answering(drawKeys))
}
