import { type Command, Option } from 'commander'
import { type AudienceRule, listAudiences } from '../audiences/store.ts'
import { type Algorithm, algorithmNames } from '../jwt/algorithms.ts'
import { type AccessTokenType, accessTokenTypes } from '../oauth/access-token-type.ts'
import { type Answer, answering } from './answer.ts'
import { withDeployment } from './deployment.ts'
import { CommandFailure, EXIT } from './failure.ts'
import { newAlgorithmNotes } from './new-algorithm.ts'
import { operator } from './operator.ts'
import { table } from './table.ts'
import { iso, when } from './times.ts'

interface SetOptions {
  alg?: Algorithm
  typ?: AccessTokenType
}

/** `mintmark audiences`: resource servers whose tokens are special. */
export function addAudiencesCommands(program: Command): void {
  const audiences = program
    .command('audiences')
    .description('resource servers whose tokens need a signature algorithm or a typ of their own')
  audiences
    .command('set')
    .description('name the algorithm or the typ of the tokens for an audience')
    .argument('<audience>', 'the resource server, such as https://orders.example')
    .addOption(new Option('--alg <algorithm>', 'how its tokens are signed').choices(algorithmNames))
    .addOption(
      new Option('--typ <typ>', 'JWT for verifiers that refuse at+jwt').choices(accessTokenTypes),
    )
    .action(answering(set))
  audiences
    .command('list')
    .description('list the audiences that have an algorithm or a typ of their own')
    .action(answering(list))
  audiences
    .command('delete')
    .description('make it an ordinary audience: its algorithm and its typ are the usual ones again')
    .argument('<audience>')
    .action(answering(remove))
}

async function set(audience: string, { alg, typ }: SetOptions): Promise<Answer> {
  if (alg === undefined && typ === undefined) {
    throw new CommandFailure('usage', 'nothing to set: give --alg, --typ or both', EXIT.usage)
  }
  const change = { ...(alg && { signingAlg: alg }), ...(typ && { typ }) }
  return withDeployment([], async ({ changeAudiences, database, clock }) => {
    const rule = await changeAudiences.set(audience, change, operator)
    const made = [
      rule.signingAlg && `signed by ${rule.signingAlg}`,
      rule.typ && `of typ ${rule.typ}`,
    ]
    return {
      json: ruleJson(rule),
      text: `Tokens for ${audience} are ${made.filter(Boolean).join(' and ')} from now on.`,
      notes: [
        "A client's own signing algorithm stands before its audience's.",
        'Of a token for several audiences, the first that names one decides, in the order in which the client has them.',
        ...(await newAlgorithmNotes(database.kysely, alg, clock.now())),
      ],
    }
  })
}

async function list(): Promise<Answer> {
  const rules = await withDeployment([], ({ database }) => listAudiences(database.kysely))
  return {
    json: { audiences: rules.map(ruleJson) },
    text: table(
      ['audience', 'alg', 'typ', 'created'],
      rules.map(({ audience, signingAlg = '', typ = '', createdAt }) => [
        audience,
        signingAlg,
        typ,
        when(createdAt),
      ]),
      'No audience has an algorithm or a typ of its own.',
    ),
  }
}

/** A rule as JSON; null is what is the usual one. */
function ruleJson({ audience, signingAlg, typ, createdAt }: AudienceRule) {
  return {
    audience,
    signing_alg: signingAlg ?? null,
    typ: typ ?? null,
    created_at: iso(createdAt),
  }
}

async function remove(audience: string): Promise<Answer> {
  const existed = await withDeployment([], ({ changeAudiences }) =>
    changeAudiences.delete(audience, operator),
  )
  if (!existed) {
    throw new CommandFailure(
      'audience_not_found',
      `${audience} has no algorithm or typ of its own: see mintmark audiences list`,
    )
  }
  return { json: { deleted: audience }, text: `${audience} is an ordinary audience again.` }
}
