import express from 'express'
import { passportJwtSecret } from 'jwks-rsa'
import passport from 'passport'
import { ExtractJwt, Strategy } from 'passport-jwt'
import { answerLines, readArguments } from './lines.js'
import { serve } from './served.js'

const { jwksUri, issuer, audience, typ, cacheMilliseconds } = readArguments()

const strategy = new Strategy(
  {
    jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
    secretOrKeyProvider: passportJwtSecret({ jwksUri, cacheMaxAge: cacheMilliseconds }),
    issuer,
    audience,
    algorithms: ['ES256', 'RS256', 'PS256', 'ES384'],
    jsonWebTokenOptions: { complete: true },
  },
  // It knows neither typ nor that there must be an exp.
  ({ header, payload }, done) =>
    done(null, header.typ === typ && payload.exp !== undefined && payload),
)

const requireToken = passport.use(strategy).authenticate('jwt', { session: false })
const app = express().get('/', requireToken, (request, response) => {
  response.json(request.user)
})

await answerLines(await serve(app))
