import { cookieProblems } from '../clients/cookie-problems.ts'
import { type LifetimeDefaults, lifetimeProblems } from '../clients/lifetime-problems.ts'
import type { Algorithm } from '../jwt/algorithms.ts'
import type { AuthenticationMethod, GrantType, RefreshTokenPlace } from '../oauth/grant-types.ts'
import { parseScope } from '../oauth/scope.ts'
import type { Answer } from './answer.ts'
import { type PatienceOptions, patienceOf } from './clients-patience.ts'
import { clientFacts, clientJson } from './clients-show.ts'
import { type Deployment, LIFETIMES, withDeployment } from './deployment.ts'
import { newAlgorithmNotes } from './new-algorithm.ts'
import { operator } from './operator.ts'

/** The options of `clients create` as commander read them; lengths in seconds. */
export interface CreateOptions extends PatienceOptions {
  name?: string
  authMethod: AuthenticationMethod
  grant?: GrantType[]
  scope: string
  audience?: string[]
  introspects: string[]
  origin?: string[]
  refreshTokenIn?: RefreshTokenPlace
  signingAlg?: Algorithm
  role: string[]
  claims: Record<string, unknown>
}

/** Registers a client and tells its secret. */
export function createClient(clientId: string, options: CreateOptions): Promise<Answer> {
  const { audience } = options
  // What needs no issuer does not ask for one.
  if (audience !== undefined && options.refreshTokenIn !== 'cookie') {
    return withDeployment(LIFETIMES, (deployment) =>
      register(deployment, clientId, options, audience),
    )
  }
  return withDeployment(['issuer', ...LIFETIMES], async (deployment) => {
    const { issuer } = deployment.config
    const answer = await register(deployment, clientId, options, audience ?? [issuer])
    const { origin = [], refreshTokenIn = 'body' } = options
    const notes = cookieProblems({ allowedOrigins: origin, refreshTokenIn }, issuer)
    if (audience === undefined) {
      notes.unshift(`No --audience given: its tokens are for the issuer itself, ${issuer}.`)
    }
    return { ...answer, notes: [...notes, ...(answer.notes ?? [])] }
  })
}

async function register(
  { registerClient, config, database, clock }: Deployment<keyof LifetimeDefaults>,
  clientId: string,
  options: CreateOptions,
  audience: string[],
): Promise<Answer> {
  const isPublic = options.authMethod === 'none'
  const { lifetimes, refresh, maxSessions } = patienceOf(options)
  const registration = {
    clientId,
    name: options.name ?? clientId,
    authenticationMethod: options.authMethod,
    grantTypes: options.grant ?? [isPublic ? 'refresh_token' : 'client_credentials'],
    scope: parseScope(options.scope),
    audience,
    introspects: options.introspects,
    allowedOrigins: options.origin,
    refreshTokenIn: options.refreshTokenIn,
    signingAlg: options.signingAlg,
    roles: options.role,
    claims: options.claims,
    ...lifetimes,
    refreshRetryWindowSeconds: refresh?.retryWindowSeconds,
    refreshRecoveryWindowSeconds: refresh?.recoveryWindowSeconds,
    refreshRecovery: refresh?.recovery,
    maxSessions,
  } as const
  const { client, secret } = await registerClient(
    { ...registration, grantTypes: [...registration.grantTypes] },
    operator,
  )
  const told = secret === undefined ? {} : { client_secret: secret }
  const shown = clientFacts(client, told)
  return {
    json: { ...clientJson(client), ...told },
    text: `Registered client ${clientId}.\n\n${shown}`,
    notes: [
      ...(secret === undefined ? [] : ['The secret is shown this once; only its hash is kept.']),
      ...lifetimeProblems(client.lifetimes, config),
      ...(await newAlgorithmNotes(database.kysely, client.signingAlg, clock.now())),
    ],
  }
}
