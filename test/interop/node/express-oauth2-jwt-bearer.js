import express from 'express'
import { auth } from 'express-oauth2-jwt-bearer'
import { answerLines, readArguments } from './lines.js'
import { serve } from './served.js'

const { jwksUri, issuer, audience, typ, cacheMilliseconds } = readArguments()
const algorithms = ['ES256', 'RS256', 'PS256', 'EdDSA', 'ES384']

const requireToken = auth({
  jwksUri,
  issuer,
  audience,
  cacheMaxAge: cacheMilliseconds,
  // It asks for at+jwt then, and for the claims of RFC 9068.
  strict: true,
  validators: {
    alg: (alg) => algorithms.includes(alg),
    ...(typ === 'at+jwt' ? {} : { typ }),
  },
})

const app = express().get('/', requireToken, (request, response) => {
  response.json(request.auth.payload)
})

await answerLines(await serve(app))
