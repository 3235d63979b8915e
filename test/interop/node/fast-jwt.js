import { createPublicKey } from 'node:crypto'
import { createVerifier } from 'fast-jwt'
import buildGetJwks from 'get-jwks'
import { answerLines, readArguments } from './lines.js'

const { jwksUri, issuer, audience, typ, cacheMilliseconds, isStrict } = readArguments()
const { origin, pathname } = new URL(jwksUri)
const keys = buildGetJwks({ ttl: cacheMilliseconds, jwksPath: pathname })
const algorithms = ['ES256', 'RS256', 'PS256', 'EdDSA', 'ES384']

const verify = createVerifier({
  async key({ header: { kid, alg } }) {
    const jwk = await keys.getJwk({ kid, alg, domain: origin })
    // Not its own getPublicKey, which takes 14 ms for ES256 each time, and knows no EdDSA.
    return createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' })
  },
  allowedIss: issuer,
  allowedAud: audience,
  checkTyp: typ,
  // Of a claim that is not there it asks nothing otherwise.
  requiredClaims: ['iss', 'aud', 'exp'],
  algorithms,
})

// It goes on using a key that it cannot find any more, for as long as somebody asks for it.
if (isStrict) {
  const forget = () => {
    keys.cache.purgeStale()
    keys.staleCache.clear()
  }
  setInterval(forget, 1_000).unref()
}

await answerLines(verify)
