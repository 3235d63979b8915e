import { noOrigin } from '../audit/event.ts'
import { cookieProblems } from '../clients/cookie-problems.ts'
import type { RefreshTokenPlace } from '../oauth/grant-types.ts'
import type { Answer } from './answer.ts'
import { clientFacts, clientJson, unknownClient } from './clients-show.ts'
import { withDeployment } from './deployment.ts'
import { CommandFailure, EXIT } from './failure.ts'

/** The options of `clients update` as commander read them. */
export interface UpdateOptions {
  origin?: string[]
  /** False by `--no-origins`. */
  origins: boolean
  refreshTokenIn?: RefreshTokenPlace
}

/** Changes the browser side of a client, and tells what cannot work as it is then. */
export function updateClient(clientId: string, options: UpdateOptions): Promise<Answer> {
  const { origin, origins, refreshTokenIn } = options
  if (origin !== undefined && !origins) {
    throw new CommandFailure('usage', 'give --origin or --no-origins, not both', EXIT.usage)
  }
  const allowedOrigins = origins ? origin : []
  if (allowedOrigins === undefined && refreshTokenIn === undefined) {
    const message = 'nothing to change: give --origin, --no-origins or --refresh-token-in'
    throw new CommandFailure('usage', message, EXIT.usage)
  }
  return withDeployment(['issuer'], async ({ config, changeClient }) => {
    const change = {
      ...(allowedOrigins !== undefined && { allowedOrigins }),
      ...(refreshTokenIn !== undefined && { refreshTokenIn }),
    }
    const client = await changeClient(clientId, change, noOrigin)
    if (client === undefined) throw unknownClient(clientId)
    return {
      json: clientJson(client),
      text: `Changed client ${clientId}.\n\n${clientFacts(client, {})}`,
      notes: cookieProblems(client, config.issuer),
    }
  })
}
