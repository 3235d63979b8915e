import cookie from '@fastify/cookie'
import type { FastifyInstance } from 'fastify'
import type { Database } from '../db/connect.ts'
import { createFrame, type FrameOptions } from './frame.ts'
import { createLimits } from './limits/limits.ts'
import { requireAcceptable } from './plugins/acceptable.ts'
import { readJsonBodies, readOAuthBodies, refuseCredentialsInQuery } from './plugins/bodies.ts'
import { shareWithPages, sharingHeaders } from './plugins/cors.ts'
import { answerOAuthErrors } from './plugins/errors.ts'
import { guardWithBearer } from './plugins/guard.ts'
import { refuseTwoAuthorizations } from './plugins/headers.ts'
import { neverStore } from './plugins/no-store.ts'
import { refuseUntilLoaded } from './plugins/not-ready.ts'
import { describeApi } from './plugins/openapi.ts'
import { beStrict } from './plugins/strictness.ts'
import { describePublicApi } from './public-description.ts'
import { createRefreshCookies } from './refresh-cookies.ts'
import { errorRoutes } from './routes/errors.ts'
import { forwardAuthRoute } from './routes/forward-auth.ts'
import { healthRoutes } from './routes/health.ts'
import { introspectRoute } from './routes/introspect.ts'
import { jwksRoute } from './routes/jwks.ts'
import { keyPemRoute } from './routes/key-pem.ts'
import { logoutRoute } from './routes/logout.ts'
import { meRoute } from './routes/me.ts'
import { metadataRoutes } from './routes/metadata.ts'
import { refreshRoute } from './routes/refresh.ts'
import { revocationStreamRoute } from './routes/revocation-stream.ts'
import { revocationsRoute } from './routes/revocations.ts'
import { revokeRoute } from './routes/revoke.ts'
import { sessionEventsRoute } from './routes/session-events.ts'
import { sessionRoutes } from './routes/sessions.ts'
import { startSessionRoute } from './routes/start-session.ts'
import { tokenRoute } from './routes/token.ts'
import { welcomeRoutes } from './routes/welcome.ts'
import { OAuthErrorBody, ProblemBody } from './wire/errors.ts'
import { TokenResponse } from './wire/token-response.ts'

/** What the public app is made of: the options of all its routes, taken together. */
export type AppOptions = { version: string; database: Database } & FrameOptions &
  Omit<Parameters<typeof createLimits>[1], 'db'> &
  Omit<RouteOptions, 'routes' | 'db' | 'limits' | 'refreshCookies'>

type RouteOptions = Parameters<typeof shareWithPages>[1] &
  Omit<Parameters<typeof describeApi>[1], 'version' | 'description'> &
  Parameters<typeof guardWithBearer>[1] &
  Parameters<typeof forwardAuthRoute>[1] &
  Parameters<typeof healthRoutes>[1] &
  Parameters<typeof introspectRoute>[1] &
  Parameters<typeof jwksRoute>[1] &
  Parameters<typeof keyPemRoute>[1] &
  Parameters<typeof logoutRoute>[1] &
  Parameters<typeof metadataRoutes>[1] &
  Parameters<typeof revocationsRoute>[1] &
  Parameters<typeof revokeRoute>[1] &
  Parameters<typeof startSessionRoute>[1] &
  Parameters<typeof tokenRoute>[1]

/**
 * The public app, not yet listening: one scope for each trust zone, each with its own way to answer
 * errors and its own bodies.
 */
export async function createApp(options: AppOptions): Promise<FastifyInstance> {
  const { allowedOrigins, database } = options
  const db = database.kysely
  const { app, routes, wording } = createFrame(options, (origin) =>
    sharingHeaders(allowedOrigins, origin),
  )
  // Before anything that may refuse: a page must be able to read the refusal.
  await shareWithPages(app, { ...options, routes })
  beStrict(app, routes)
  for (const schema of [TokenResponse, OAuthErrorBody, ProblemBody]) app.addSchema(schema)
  const limits = await createLimits(app, { ...options, db })
  const description = describePublicApi(options.issuer)
  await describeApi(app, { ...options, description, limits })

  const refreshCookies = createRefreshCookies({ ...options, db })
  const routeOptions = { ...options, db, limits, refreshCookies }
  // Only for writing cookies: they are read where they are used.
  await app.register(cookie, { hook: false })
  app.register((scope, _options, done) => {
    healthRoutes(scope, options)
    errorRoutes(scope)
    jwksRoute(scope, routeOptions)
    keyPemRoute(scope, routeOptions)
    metadataRoutes(scope, routeOptions)
    revocationsRoute(scope, routeOptions)
    revocationStreamRoute(scope, routeOptions)
    done()
  })
  app.register((scope, _options, done) => {
    neverStore(scope)
    refuseUntilLoaded(scope, options.keyRing)
    forwardAuthRoute(scope, options)
    done()
  })
  app.register((scope, _options, done) => {
    requireAcceptable(scope)
    welcomeRoutes(scope, { ...options, routes })
    done()
  })
  app.register((scope, _options, done) => {
    answerOAuthErrors(scope, wording)
    neverStore(scope)
    requireAcceptable(scope)
    refuseUntilLoaded(scope, options.keyRing)
    refuseTwoAuthorizations(scope)
    refuseCredentialsInQuery(scope)
    scope.register((forms, _formOptions, formsDone) => {
      readOAuthBodies(forms)
      tokenRoute(forms, routeOptions)
      refreshRoute(forms, routeOptions)
      introspectRoute(forms, routeOptions)
      logoutRoute(forms, routeOptions)
      revokeRoute(forms, routeOptions)
      formsDone()
    })
    scope.register((bodies, _jsonOptions, bodiesDone) => {
      readJsonBodies(bodies)
      startSessionRoute(bodies, routeOptions)
      bodiesDone()
    })
    done()
  })
  app.register((scope, _options, done) => {
    neverStore(scope)
    requireAcceptable(scope)
    refuseUntilLoaded(scope, options.keyRing)
    guardWithBearer(scope, options)
    readJsonBodies(scope)
    meRoute(scope)
    sessionRoutes(scope, routeOptions)
    sessionEventsRoute(scope, routeOptions)
    done()
  })
  await app.ready()
  return app
}
