import { promisify } from 'node:util'
import jwt from 'jsonwebtoken'
import jwksClient from 'jwks-rsa'
import { answerLines, readArguments } from './lines.js'

const { jwksUri, issuer, audience, cacheMilliseconds } = readArguments()
const keys = jwksClient({ jwksUri, cacheMaxAge: cacheMilliseconds })
const algorithms = ['ES256', 'RS256', 'PS256', 'ES384']
const verify = promisify(jwt.verify)

const findKey = ({ kid }, callback) =>
  keys.getSigningKey(kid).then((key) => callback(null, key.getPublicKey()), callback)

await answerLines((token) => verify(token, findKey, { issuer, audience, algorithms }))
