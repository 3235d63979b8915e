import { promisify } from 'node:util'
import jwt from 'jsonwebtoken'
import jwksClient from 'jwks-rsa'
import { answerLines, readArguments } from './lines.js'

const { jwksUri, issuer, audience, typ, cacheMilliseconds } = readArguments()
const keys = jwksClient({ jwksUri, cacheMaxAge: cacheMilliseconds })
const algorithms = ['ES256', 'RS256', 'PS256', 'ES384']
const verify = promisify(jwt.verify)

const findKey = ({ kid }, callback) =>
  keys.getSigningKey(kid).then((key) => callback(null, key.getPublicKey()), callback)

await answerLines(async (token) => {
  const options = { issuer, audience, algorithms, complete: true }
  const { header, payload } = await verify(token, findKey, options)
  // It knows neither of them by itself.
  if (header.typ !== typ) throw new Error(`typ ${header.typ}`)
  if (payload.exp === undefined) throw new Error('no exp')
  return payload
})
