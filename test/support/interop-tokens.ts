import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { CompactSign } from 'jose'
import { type Algorithm, algorithmNames } from '../../src/jwt/algorithms.ts'
import { type AccessTokenType, accessTokenTypes } from '../../src/oauth/access-token-type.ts'
import { claimsOf } from './answer.ts'
import { readPrivateKey } from './forge.ts'
import { encode } from './forgery.ts'
import { post } from './process.ts'
import { ISSUER, ORDERS, type TestService, type Tokens } from './service.ts'

/** The audience whose tokens are of typ JWT. */
export const LEGACY = 'https://legacy.example'

export const AUDIENCE_OF: Record<AccessTokenType, string> = { 'at+jwt': ORDERS, JWT: LEGACY }

/** A token, and what is right or wrong with it. */
export interface SampleToken {
  readonly what: string
  readonly token: string
  readonly algorithm: Algorithm
  readonly typ: AccessTokenType
}

/** Tokens for {@link AUDIENCE_OF}, which were issued, and those that were not. */
export interface SampleTokens {
  readonly good: readonly SampleToken[]
  readonly bad: readonly SampleToken[]
}

/**
 * Has a running service issue tokens of every algorithm and typ, to a client for itself and to a user,
 * and forges bad ones, by its own keys where that is what makes them look good. `setup` writes to the
 * database that the service has.
 */
export async function collectTokens(
  service: { url: string },
  setup: TestService,
): Promise<SampleTokens> {
  const good: SampleToken[] = []
  const bad: SampleToken[] = []
  for (const typ of accessTokenTypes) {
    for (const algorithm of algorithmNames) {
      const own = await issueToClient(service, setup, algorithm, typ)
      const user = await issueToUser(service, setup, algorithm, typ)
      good.push({ what: 'of a client', token: own, algorithm, typ })
      good.push({ what: 'of a user, for two audiences', token: user, algorithm, typ })
      const forged = await forgeAll(setup, algorithm, typ, claimsOf(own))
      bad.push(...forged.map(([what, token]) => ({ what, token, algorithm, typ })))
    }
  }
  return { good, bad }
}

async function issueToClient(
  service: { url: string },
  setup: TestService,
  signingAlg: Algorithm,
  typ: AccessTokenType,
): Promise<string> {
  const client = await setup.addClient({
    authenticationMethod: 'client_secret_basic',
    grantTypes: ['client_credentials'],
    audience: [AUDIENCE_OF[typ]],
    signingAlg,
  })
  return issue(service, { grant_type: 'client_credentials' }, client.basic)
}

async function issueToUser(
  service: { url: string },
  setup: TestService,
  signingAlg: Algorithm,
  typ: AccessTokenType,
): Promise<string> {
  const client = await setup.addClient({ audience: [AUDIENCE_OF[typ], ISSUER], signingAlg })
  const { username, password } = await setup.addUser({
    roles: ['customer'],
    claims: { tier: 'Größe XL', limits: { daily: 3 } },
  })
  const login = { grant_type: 'password', client_id: client.clientId, username, password }
  return issue(service, login)
}

async function issue(
  service: { url: string },
  form: Record<string, string>,
  headers?: Record<string, string>,
): Promise<string> {
  const answer = await post(service, '/token', form, headers)
  const body = await answer.text()
  if (answer.status !== 200) throw new Error(`no token: ${answer.status} ${body}`)
  return (JSON.parse(body) as Tokens).access_token
}

/** Tokens that are almost good: of each, what is wrong, and the token. */
async function forgeAll(
  setup: TestService,
  alg: Algorithm,
  typ: AccessTokenType,
  claims: Record<string, unknown>,
): Promise<[what: string, token: string][]> {
  const { kid, privateKey } = await readPrivateKey(setup, alg)
  const header = { alg, typ, kid }
  const sign = (change: object, head: object = {}, key = privateKey) =>
    new CompactSign(Buffer.from(JSON.stringify({ ...claims, ...change })))
      .setProtectedHeader({ ...header, ...head })
      .sign(key)
  const audience = AUDIENCE_OF[typ]
  const stranger = likeOf(privateKey)
  const now = Math.floor(Date.now() / 1000)
  const [head, payload, signature = ''] = (await sign({})).split('.')
  const hmac = `${encode({ ...header, alg: 'HS256' })}.${payload}`
  const pem = setup.parts.keyRing.find(kid)?.pem
  if (pem === undefined) throw new Error(`no public key ${kid}`)
  const changed = (signature.startsWith('A') ? 'B' : 'A') + signature.slice(1)
  const mac = createHmac('sha256', pem).update(hmac).digest('base64url')
  return [
    ['for another audience', await sign({ aud: 'https://other.example' })],
    ['for what only begins like it', await sign({ aud: `${audience}.evil.example` })],
    ['for several others', await sign({ aud: ['https://other.example', `${audience}/`] })],
    ['for no audience', await sign({ aud: undefined })],
    ['of no issuer', await sign({ iss: undefined })],
    ['of another issuer', await sign({ iss: 'https://evil.example' })],
    ['of the issuer with a slash', await sign({ iss: `${ISSUER}/` })],
    ['expired', await sign({ iat: now - 700, exp: now - 100 })],
    ['without an end', await sign({ exp: undefined })],
    ['of an unknown key', await sign({}, { kid: 'unknown' }, stranger)],
    ['signed by a stranger', await sign({}, {}, stranger)],
    ['of the other typ', await sign({}, { typ: typ === 'JWT' ? 'at+jwt' : 'JWT' })],
    ['with a changed signature', `${head}.${payload}.${changed}`],
    ['without a signature', `${head}.${payload}.`],
    ['with changed claims', `${head}.${encode({ ...claims, sub: 'admin' })}.${signature}`],
    ['by alg none', `${encode({ ...header, alg: 'none' })}.${payload}.`],
    ['by HMAC with the public key', `${hmac}.${mac}`],
  ]
}

/** A private key of the same kind, of somebody else. */
function likeOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): KeyObject {
  switch (asymmetricKeyType) {
    case 'ec': {
      const { namedCurve = '' } = asymmetricKeyDetails ?? {}
      return generateKeyPairSync('ec', { namedCurve }).privateKey
    }
    case 'ed25519':
      return generateKeyPairSync('ed25519').privateKey
    default:
      return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  }
}
