import { noOrigin } from '../audit/event.ts'
import type { Algorithm } from '../jwt/algorithms.ts'
import type { AuthenticationMethod, GrantType } from '../oauth/grant-types.ts'
import { parseScope } from '../oauth/scope.ts'
import type { Answer } from './answer.ts'
import { clientFacts, clientJson } from './clients-show.ts'
import { type Deployment, withDeployment } from './deployment.ts'

/** The options of `clients create` as commander read them; lengths in seconds. */
export interface CreateOptions {
  name?: string
  authMethod: AuthenticationMethod
  grant?: GrantType[]
  scope: string
  audience?: string[]
  introspects: string[]
  signingAlg?: Algorithm
  role: string[]
  claims: Record<string, unknown>
  accessTokenTtl?: number
  sessionIdleTtl?: number
  sessionMaxTtl?: number
}

/** Registers a client and tells its secret. */
export function createClient(clientId: string, options: CreateOptions): Promise<Answer> {
  const { audience } = options
  if (audience !== undefined) {
    return withDeployment([], (deployment) => register(deployment, clientId, options, audience))
  }
  return withDeployment(['issuer'], async (deployment) => {
    const { issuer } = deployment.config
    const answer = await register(deployment, clientId, options, [issuer])
    const note = `No --audience given: its tokens are for the issuer itself, ${issuer}.`
    return { ...answer, notes: [note, ...(answer.notes ?? [])] }
  })
}

async function register(
  { registerClient }: Pick<Deployment<never>, 'registerClient'>,
  clientId: string,
  options: CreateOptions,
  audience: string[],
): Promise<Answer> {
  const isPublic = options.authMethod === 'none'
  const registration = {
    clientId,
    name: options.name ?? clientId,
    authenticationMethod: options.authMethod,
    grantTypes: options.grant ?? [isPublic ? 'refresh_token' : 'client_credentials'],
    scope: parseScope(options.scope),
    audience,
    introspects: options.introspects,
    signingAlg: options.signingAlg,
    roles: options.role,
    claims: options.claims,
    accessTokenTtlSeconds: options.accessTokenTtl,
    sessionIdleTtlSeconds: options.sessionIdleTtl,
    sessionMaxTtlSeconds: options.sessionMaxTtl,
  } as const
  const { client, secret } = await registerClient(
    { ...registration, grantTypes: [...registration.grantTypes] },
    noOrigin,
  )
  const told = secret === undefined ? {} : { client_secret: secret }
  const shown = clientFacts(client, told)
  return {
    json: { ...clientJson(client), ...told },
    text: `Registered client ${clientId}.\n\n${shown}`,
    notes: secret === undefined ? [] : ['The secret is shown this once; only its hash is kept.'],
  }
}
