import { createRemoteJWKSet, jwtVerify } from 'jose'
import { answerLines, readArguments } from './lines.js'

const { jwksUri, issuer, audience, typ, cacheMilliseconds } = readArguments()
const keys = createRemoteJWKSet(new URL(jwksUri), { cacheMaxAge: cacheMilliseconds })
const algorithms = ['ES256', 'RS256', 'PS256', 'EdDSA', 'ES384']
const requiredClaims = ['exp']
const expected = { issuer, audience, typ, algorithms, requiredClaims }

await answerLines(async (token) => (await jwtVerify(token, keys, expected)).payload)
