import { type Command, Option } from 'commander'
import { listAudiences } from '../audiences/store.ts'
import { type Algorithm, algorithmNames } from '../jwt/algorithms.ts'
import { answering } from './answer.ts'
import { withDeployment } from './deployment.ts'
import { CommandFailure } from './failure.ts'
import { operator } from './operator.ts'
import { table } from './table.ts'
import { iso, when } from './times.ts'

/** `mintmark audiences`: resource servers that need one signature algorithm. */
export function addAudiencesCommands(program: Command): void {
  const audiences = program
    .command('audiences')
    .description('resource servers whose tokens must be signed by a named algorithm')
  audiences
    .command('set')
    .description('have the tokens for an audience signed by an algorithm')
    .argument('<audience>', 'the resource server, such as https://orders.example')
    .addOption(
      new Option('--alg <algorithm>', 'how its tokens are signed')
        .choices(algorithmNames)
        .makeOptionMandatory(),
    )
    .action(answering(set))
  audiences
    .command('list')
    .description('list the audiences that have an algorithm of their own')
    .action(answering(list))
  audiences
    .command('delete')
    .description('leave the choice of the algorithm to the client and the default again')
    .argument('<audience>')
    .action(answering(remove))
}

async function set(audience: string, { alg }: { alg: Algorithm }) {
  await withDeployment([], ({ changeAudiences }) => changeAudiences.set(audience, alg, operator))
  return {
    json: { audience, signing_alg: alg },
    text: `Tokens for ${audience} are signed by ${alg} from now on.`,
    notes: ["A client's own signing algorithm stands before its audience's."],
  }
}

async function list() {
  const rules = await withDeployment([], ({ database }) => listAudiences(database.kysely))
  return {
    json: {
      audiences: rules.map(({ audience, signingAlg, createdAt }) => ({
        audience,
        signing_alg: signingAlg,
        created_at: iso(createdAt),
      })),
    },
    text: table(
      ['audience', 'alg', 'created'],
      rules.map(({ audience, signingAlg, createdAt }) => [audience, signingAlg, when(createdAt)]),
      'No audience has an algorithm of its own.',
    ),
  }
}

async function remove(audience: string) {
  const existed = await withDeployment([], ({ changeAudiences }) =>
    changeAudiences.delete(audience, operator),
  )
  if (!existed) {
    throw new CommandFailure(
      'audience_not_found',
      `${audience} has no algorithm of its own: see mintmark audiences list`,
    )
  }
  return { json: { deleted: audience }, text: `${audience} is an ordinary audience again.` }
}
