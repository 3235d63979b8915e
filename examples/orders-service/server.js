import fastify from 'fastify'
import { createRemoteJWKSet, errors, jwtVerify } from 'jose'

const { ISSUER = 'http://localhost:3000', AUDIENCE = 'https://orders.example' } = process.env
const { PORT = '4000' } = process.env

// The issuer's public keys, fetched once: after that, tokens are verified without asking anybody.
const keys = createRemoteJWKSet(new URL(`${ISSUER}/.well-known/jwks.json`), {
  timeoutDuration: 3_000, // a silent issuer is given up on after 3 s
  cooldownDuration: 10_000, // unknown key ids make us fetch again at most every 10 s
  cacheMaxAge: 86_400_000, // while the issuer is away, the keys we have are good for a day
})
// Fetched every 5 minutes all the same, so that a key that was withdrawn is soon distrusted.
setInterval(() => keys.reload().catch(() => {}), 300_000).unref()

const expected = {
  issuer: ISSUER,
  audience: AUDIENCE,
  algorithms: ['ES256', 'RS256'],
  typ: 'at+jwt',
  requiredClaims: ['exp', 'iat', 'sub', 'jti', 'client_id'],
  clockTolerance: 5, // seconds
}

// What goes wrong with fetching the keys says nothing about the token: 503, never 401.
const outages = ['ERR_JOSE_GENERIC', 'ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID']
const isTokenFault = (error) => error instanceof errors.JOSEError && !outages.includes(error.code)

/** A hook that lets in only requests with a good access token of that scope (RFC 6750). */
const requireScope = (scope) => async (request, reply) => {
  const refuse = (status, header, value, error) =>
    reply.code(status).header(header, value).send({ error })
  const [, token] = /^Bearer +(.*)$/i.exec(request.headers.authorization ?? '') ?? []
  if (token === undefined) return refuse(401, 'www-authenticate', 'Bearer', 'token_missing')
  try {
    request.claims = (await jwtVerify(token, keys, expected)).payload
  } catch (error) {
    if (!isTokenFault(error)) return refuse(503, 'retry-after', '2', 'temporarily_unavailable')
    return refuse(401, 'www-authenticate', 'Bearer error="invalid_token"', 'invalid_token')
  }
  if (request.claims.scope?.split(' ').includes(scope)) return
  const challenge = `Bearer error="insufficient_scope", scope="${scope}"`
  return refuse(403, 'www-authenticate', challenge, 'insufficient_scope')
}

const app = fastify({ logger: true })
app.decorateRequest('claims', null)
app.get('/orders', { preHandler: requireScope('orders:read') }, async ({ claims }) => ({
  orders_of: claims.sub,
  client: claims.client_id,
  orders: [],
}))
await app.listen({ port: Number(PORT) })
