import { createRemoteJWKSet, jwtVerify } from 'jose'
import { answerLines, readArguments } from './lines.js'

const { jwksUri, issuer, audience, cacheMilliseconds } = readArguments()
const keys = createRemoteJWKSet(new URL(jwksUri), { cacheMaxAge: cacheMilliseconds })
const algorithms = ['ES256', 'RS256', 'PS256', 'EdDSA', 'ES384']

await answerLines((token) => jwtVerify(token, keys, { issuer, audience, algorithms }))
