import type { Command } from 'commander'
import { listSigningKeys } from '../keys/store.ts'
import { answering } from './answer.ts'
import { withDeployment } from './deployment.ts'
import { reencryptKeys } from './keys-reencrypt.ts'
import { table } from './table.ts'
import { iso, when } from './times.ts'

/** `mintmark keys`: the keys that sign access tokens. */
export function addKeysCommands(program: Command): void {
  const keys = program.command('keys').description('the keys that sign access tokens')
  keys
    .command('list')
    .description('list the signing keys, oldest first; their private halves are never shown')
    .action(answering(list))
  keys
    .command('reencrypt')
    .description(
      'encrypt them under the first master key, which every replica must have, while the service runs',
    )
    .action(answering(reencryptKeys))
}

async function list() {
  const keys = await withDeployment([], ({ database }) => listSigningKeys(database.kysely))
  return {
    json: {
      keys: keys.map(({ kid, algorithm, state, sealed, createdAt }) => ({
        kid,
        alg: algorithm,
        state,
        master_key_id: sealed?.masterKeyId ?? null,
        created_at: iso(createdAt),
      })),
    },
    text: table(
      ['kid', 'alg', 'state', 'master key', 'created'],
      keys.map(({ kid, algorithm, state, sealed, createdAt }) => [
        kid,
        algorithm,
        state,
        String(sealed?.masterKeyId ?? ''),
        when(createdAt),
      ]),
      'No keys yet: the service makes its first ones when it starts.',
    ),
  }
}
