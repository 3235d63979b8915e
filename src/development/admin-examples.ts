import { noOrigin } from '../audit/event.ts'
import type { Clock } from '../base/clock.ts'
import type { Database } from '../db/connect.ts'
import type { StartBackendSession } from '../grants/start-session.ts'
import type { TokenEndpoint } from '../grants/token-endpoint.ts'
import { collectParameters } from '../oauth/parameters.ts'
import { listSessions } from '../sessions/read/store.ts'
import { basicOf, type Demo } from './demo.ts'
import { NO_LIMITS, startExampleSession } from './example-session.ts'

/** What Swagger UI of the admin API shows in development instead of samples. */
interface AdminExamples {
  readonly operations: Record<string, Record<string, string>>
  readonly login: { access_token: string }
}

/** Whose session the examples are of. Its end is tried out, too. */
const SUB = 'example-of-the-admin-api'

const NO_PAGE = { csrf: undefined, origin: undefined, fetchSite: undefined, host: undefined }

/**
 * Makes the examples of the admin API's document that is served in development: an access token of
 * the demo's client for it, new at each load, and a session to look at and to end.
 * @param options.demo undefined until it has been seeded
 */
export function createAdminExamples(options: {
  database: Database
  clock: Clock
  logger: { warn(fields: object, message: string): void }
  tokenEndpoint: TokenEndpoint
  startBackendSession: StartBackendSession
  demo: () => Demo | undefined
}): () => Promise<AdminExamples | undefined> {
  const getToken = async (demo: Demo): Promise<string> => {
    const answer = await options.tokenEndpoint('client_credentials', {
      authorizationHeader: basicOf(demo, 'admin'),
      parameters: collectParameters([]),
      idempotencyKey: undefined,
      refreshTokenIn: 'body',
      page: NO_PAGE,
      origin: noOrigin,
      limits: NO_LIMITS,
    })
    return answer.accessToken
  }

  const findSid = async (demo: Demo): Promise<string> => {
    const { database, clock, startBackendSession } = options
    const filter = { sub: SUB, clientId: 'web', state: 'live', limit: 1 } as const
    const [found] = await listSessions(database.kysely, filter, clock.now())
    if (found !== undefined) return found.session.sid
    const whose = { sub: SUB, label: 'example of the admin API' }
    return (await startExampleSession(startBackendSession, demo, whose)).sid ?? ''
  }

  let isFailureTold = false
  const tellFailure = (err: unknown): undefined => {
    if (!isFailureTold) options.logger.warn({ err }, 'the examples of the admin API stay samples')
    isFailureTold = true
  }

  return async () => {
    const demo = options.demo()
    if (demo === undefined) return undefined
    try {
      const [accessToken, id] = await Promise.all([getToken(demo), findSid(demo)])
      return { operations: describe(id), login: { access_token: accessToken } }
    } catch (error) {
      return tellFailure(error)
    }
  }
}

function describe(id: string): AdminExamples['operations'] {
  return {
    getSession: { id },
    endSession: { id },
    listSessionEvents: { id },
    endUserSessions: { sub: SUB },
    explainSession: { id },
    explainUser: { sub: SUB },
    setUserCutOff: { sub: SUB },
  }
}
