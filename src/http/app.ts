import cookie from '@fastify/cookie'
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import type { Clock } from '../base/clock.ts'
import { type Random, uuidV7 } from '../base/random.ts'
import type { Network } from '../config/proxies.ts'
import type { Database } from '../db/connect.ts'
import type { KeyRing } from '../keys/key-ring.ts'
import { OAuthError } from '../oauth/error.ts'
import { trustOnly } from './address.ts'
import { createLimits } from './limits/limits.ts'
import { requireAcceptable } from './plugins/acceptable.ts'
import { readJsonBodies, readOAuthBodies, refuseCredentialsInQuery } from './plugins/bodies.ts'
import { createConnectionErrors } from './plugins/connection-errors.ts'
import { shareWithPages } from './plugins/cors.ts'
import { answerOAuthErrors, answerProblems } from './plugins/errors.ts'
import { guardWithBearer } from './plugins/guard.ts'
import {
  refuseAmbiguousHeaders,
  refuseEncodedBodies,
  refuseTwoAuthorizations,
} from './plugins/headers.ts'
import { answerUnmatched, requireStatedSecurity } from './plugins/not-found.ts'
import { describeApi } from './plugins/openapi.ts'
import { warnOfUntrustedProxies } from './plugins/proxies.ts'
import { acceptRequestId, logRequests } from './plugins/request-log.ts'
import { createRouteTable } from './plugins/route-table.ts'
import { securityHeaders, sendOnEveryAnswer } from './plugins/security-headers.ts'
import { refuseMalformedUrls, routableUrl } from './plugins/urls.ts'
import { createRefreshCookies } from './refresh-cookies.ts'
import { errorRoutes } from './routes/errors.ts'
import { healthRoutes } from './routes/health.ts'
import { introspectRoute } from './routes/introspect.ts'
import { jwksRoute } from './routes/jwks.ts'
import { logoutRoute } from './routes/logout.ts'
import { meRoute } from './routes/me.ts'
import { metadataRoutes } from './routes/metadata.ts'
import { refreshRoute } from './routes/refresh.ts'
import { revokeRoute } from './routes/revoke.ts'
import { sessionRoutes } from './routes/sessions.ts'
import { startSessionRoute } from './routes/start-session.ts'
import { tokenRoute } from './routes/token.ts'
import { welcomeRoutes } from './routes/welcome.ts'
import { createSerializers } from './serializers.ts'
import { OAuthErrorBody, ProblemBody } from './wire/errors.ts'
import { EXAMPLES } from './wire/media.ts'
import { TokenResponse } from './wire/token-response.ts'
import { createWording } from './wording.ts'

/** What the public app is made of: the options of all its routes, taken together. */
export type AppOptions = {
  version: string
  database: Database
  clock: Clock
  random: Random
  logger: FastifyBaseLogger
  /** Whose word on where a request comes from is believed. */
  trustedProxies: readonly Network[]
} & Parameters<typeof createWording>[0] &
  Omit<Parameters<typeof createLimits>[1], 'db'> &
  Omit<RouteOptions, 'routes' | 'db' | 'limits' | 'refreshCookies'>

type RouteOptions = Parameters<typeof shareWithPages>[1] &
  Omit<Parameters<typeof describeApi>[1], 'version'> &
  Parameters<typeof guardWithBearer>[1] &
  Parameters<typeof healthRoutes>[1] &
  Parameters<typeof introspectRoute>[1] &
  Parameters<typeof jwksRoute>[1] &
  Parameters<typeof logoutRoute>[1] &
  Parameters<typeof metadataRoutes>[1] &
  Parameters<typeof revokeRoute>[1] &
  Parameters<typeof startSessionRoute>[1] &
  Parameters<typeof tokenRoute>[1]

const BODY_LIMIT = 16 * 1024
const HEADER_LIMIT = 16 * 1024

/**
 * The public app, not yet listening: one scope for each trust zone, each with its own way to answer
 * errors and its own bodies.
 */
export async function createApp(options: AppOptions): Promise<FastifyInstance> {
  const { clock, random, database, logger } = options
  const db = database.kysely
  const newRequestId = () => uuidV7(clock.now(), random)
  const headers = securityHeaders(options.issuer)
  const wording = createWording(options)
  const connectionErrors = createConnectionErrors({ ...options, headers, wording, newRequestId })
  const app = fastify({
    loggerInstance: logger,
    logController: new LogController({
      disableRequestLogging: true,
      requestIdLogLabel: 'request_id',
    }),
    bodyLimit: BODY_LIMIT,
    trustProxy: trustOnly(options.trustedProxies),
    // Requests that arrive while the service closes are answered like any other.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    requestTimeout: 10_000,
    genReqId: (request) => acceptRequestId(request.headers['x-request-id']) ?? newRequestId(),
    http: {
      requireHostHeader: false,
      maxHeaderSize: HEADER_LIMIT,
      // A head that trickles in holds its connection for nine seconds at most: by default Node looks
      // twice a minute, so that a limit of ten seconds may take forty.
      headersTimeout: 8_000,
      connectionsCheckingInterval: 1_000,
    },
    clientErrorHandler: connectionErrors.answer,
    // As long as a URL may be: an id that is too long is unknown, and no malformed URL.
    routerOptions: { maxParamLength: 16 * 1024 },
    rewriteUrl: routableUrl,
    schemaController: { compilersFactory: { buildSerializer: createSerializers() } },
    ajv: {
      customOptions: {
        coerceTypes: false,
        removeAdditional: false,
        useDefaults: false,
        // The schemas are the routes' own, and are examined where the document is.
        meta: false,
        validateSchema: false,
        keywords: [EXAMPLES],
      },
    },
  })
  const routes = createRouteTable(app)
  connectionErrors.watch(app, routes)
  logRequests(app)
  sendOnEveryAnswer(app, headers)
  // Before the first route, which the preflights' is.
  answerProblems(app, routes, wording)
  // Before anything that may refuse: a page must be able to read the refusal.
  await shareWithPages(app, { ...options, routes })
  refuseMalformedUrls(app)
  warnOfUntrustedProxies(app)
  refuseAmbiguousHeaders(app)
  refuseEncodedBodies(app)
  releaseConnections(app)
  requireStatedSecurity(app)
  answerUnmatched(app, routes)
  for (const schema of [TokenResponse, OAuthErrorBody, ProblemBody]) app.addSchema(schema)
  const limits = await createLimits(app, { ...options, db })
  await describeApi(app, { ...options, limits })

  const refreshCookies = createRefreshCookies({ ...options, db })
  const routeOptions = { ...options, db, limits, refreshCookies }
  // Only for writing cookies: they are read where they are used.
  await app.register(cookie, { hook: false })
  app.register((scope, _options, done) => {
    healthRoutes(scope, options)
    errorRoutes(scope)
    jwksRoute(scope, routeOptions)
    metadataRoutes(scope, routeOptions)
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
    done()
  })
  await app.ready()
  return app
}

/** Before its keys are there the service can decide nothing: 503, whatever was asked. */
function refuseUntilLoaded(app: FastifyInstance, keyRing: KeyRing): void {
  app.addHook('onRequest', async () => {
    if (!keyRing.loaded) throw new OAuthError('not_ready', 'the service is starting; try again')
  })
}

/** RFC 6749 §5.1: what carries tokens, or speaks of them, is kept by no cache. */
function neverStore(app: FastifyInstance): void {
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers({ 'cache-control': 'no-store', pragma: 'no-cache' })
  })
}

/**
 * While the service closes, answers end their connections: one that was in use when it began would
 * otherwise stay open, idle, and be waited for.
 */
function releaseConnections(app: FastifyInstance): void {
  let isClosing = false
  app.addHook('preClose', async () => {
    isClosing = true
  })
  app.addHook('onSend', async (_request, reply) => {
    if (isClosing) reply.header('connection', 'close')
  })
}
