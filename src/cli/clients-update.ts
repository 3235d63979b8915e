import { cookieProblems } from '../clients/cookie-problems.ts'
import { lifetimeProblems } from '../clients/lifetime-problems.ts'
import type { Algorithm } from '../jwt/algorithms.ts'
import type { RefreshTokenPlace } from '../oauth/grant-types.ts'
import type { Answer } from './answer.ts'
import { type PatienceOptions, patienceOf } from './clients-patience.ts'
import { clientFacts, clientJson, unknownClient } from './clients-show.ts'
import { LIFETIMES, withDeployment } from './deployment.ts'
import { CommandFailure, EXIT } from './failure.ts'
import { newAlgorithmNotes } from './new-algorithm.ts'
import { operator } from './operator.ts'

/** The options of `clients update` as commander read them. */
export interface UpdateOptions extends PatienceOptions {
  /** In the place of all before. */
  origin?: string[]
  addOrigin?: string[]
  /** False by `--no-origins`. */
  origins: boolean
  refreshTokenIn?: RefreshTokenPlace
  signingAlg?: Algorithm | 'default'
}

/** Changes the settings of a client, and tells what cannot work as it is then. */
export function updateClient(clientId: string, options: UpdateOptions): Promise<Answer> {
  const { origin, addOrigin, origins, refreshTokenIn, signingAlg } = options
  const given = [origin, addOrigin, origins ? undefined : []].filter((one) => one !== undefined)
  if (given.length > 1) {
    const message = 'give one of --origin, --add-origin and --no-origins'
    throw new CommandFailure('usage', message, EXIT.usage)
  }
  const { lifetimes = {}, refresh = {}, ...limit } = patienceOf(options)
  const isLeft = [lifetimes, refresh, limit].every((one) => Object.keys(one).length === 0)
  const isKept = refreshTokenIn === undefined && signingAlg === undefined
  if (given.length === 0 && isKept && isLeft) {
    const message = 'nothing to change: give --origin, --session-idle-ttl or another setting'
    throw new CommandFailure('usage', message, EXIT.usage)
  }
  return withDeployment(['issuer', ...LIFETIMES], async (deployment) => {
    const { config, changeClient, database, clock } = deployment
    const alg = signingAlg === 'default' ? undefined : signingAlg
    const change = {
      ...(given[0] !== undefined && { allowedOrigins: given[0] }),
      ...(refreshTokenIn !== undefined && { refreshTokenIn }),
      ...(signingAlg !== undefined && { signingAlg: alg }),
      lifetimes,
      refresh,
      ...limit,
    }
    const client = await changeClient(clientId, change, operator, {
      addsOrigins: Boolean(addOrigin),
    })
    if (client === undefined) throw unknownClient(clientId)
    return {
      json: clientJson(client),
      text: `Changed client ${clientId}.\n\n${clientFacts(client, {})}`,
      notes: [
        ...cookieProblems(client, config.issuer),
        ...lifetimeProblems(client.lifetimes, config),
        ...(await newAlgorithmNotes(database.kysely, alg, clock.now())),
      ],
    }
  })
}
