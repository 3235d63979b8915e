import type { FastifyInstance } from 'fastify'
import type { Database } from '../db/connect.ts'
import { adminDescription } from './admin/description.ts'
import { endSessionRoute } from './admin/end-session.ts'
import { endUserSessionsRoute } from './admin/end-user-sessions.ts'
import { explainSessionRoute } from './admin/explain-session.ts'
import { explainUserRoute } from './admin/explain-user.ts'
import { getSessionRoute } from './admin/get-session.ts'
import { timeLinePictureRoute } from './admin/keys/draw-time-line.ts'
import { KEY_SCHEMAS, keyRoutes } from './admin/keys/routes.ts'
import { listCutOffsRoute } from './admin/list-cut-offs.ts'
import { listEventsRoute } from './admin/list-events.ts'
import { listSessionEventsRoute } from './admin/list-session-events.ts'
import { listSessionsRoute } from './admin/list-sessions.ts'
import { requireScope } from './admin/scope.ts'
import { setCutOffRoutes } from './admin/set-cut-off.ts'
import { acceptNothingElse } from './admin/strict-input.ts'
import { AdminCutOff, MadeAdminCutOff } from './admin/wire-cut-off.ts'
import { WireEnd } from './admin/wire-end.ts'
import { AdminEvent } from './admin/wire-event.ts'
import { AdminSession } from './admin/wire-session.ts'
import { WireSessionExplanation } from './admin/wire-session-story.ts'
import { ToldEvent } from './admin/wire-told.ts'
import { WireUserExplanation } from './admin/wire-user-story.ts'
import { createFrame, type FrameOptions } from './frame.ts'
import { createLimits } from './limits/limits.ts'
import { requireAcceptable } from './plugins/acceptable.ts'
import { readJsonBodies } from './plugins/bodies.ts'
import { guardWithBearer } from './plugins/guard.ts'
import { neverStore } from './plugins/no-store.ts'
import { refuseUntilLoaded } from './plugins/not-ready.ts'
import { describeApi } from './plugins/openapi.ts'
import { beStrict } from './plugins/strictness.ts'
import { healthRoutes } from './routes/health.ts'
import { ProblemBody } from './wire/errors.ts'

/** What the admin app is made of: the options of all its routes, taken together. */
export type AdminAppOptions = { version: string; database: Database } & Omit<
  FrameOptions,
  'errorDetail'
> &
  Omit<Parameters<typeof createLimits>[1], 'db'> &
  Omit<Parameters<typeof describeApi>[1], 'version' | 'description' | 'limits'> &
  Parameters<typeof guardWithBearer>[1] &
  Parameters<typeof healthRoutes>[1] &
  Omit<RouteOptions, 'db'>

type RouteOptions = Parameters<typeof listSessionsRoute>[1] &
  Parameters<typeof getSessionRoute>[1] &
  Parameters<typeof endSessionRoute>[1] &
  Parameters<typeof endUserSessionsRoute>[1] &
  Parameters<typeof listSessionEventsRoute>[1] &
  Parameters<typeof listEventsRoute>[1] &
  Parameters<typeof listCutOffsRoute>[1] &
  Parameters<typeof setCutOffRoutes>[1] &
  Parameters<typeof explainSessionRoute>[1] &
  Parameters<typeof explainUserRoute>[1] &
  Parameters<typeof keyRoutes>[1]

const SCHEMAS = [
  ProblemBody,
  AdminSession,
  AdminEvent,
  AdminCutOff,
  MadeAdminCutOff,
  ToldEvent,
  WireEnd,
  WireSessionExplanation,
  WireUserExplanation,
  ...KEY_SCHEMAS,
]

/** The app for operators, not yet listening. No page of another origin may read its answers. */
export async function createAdminApp(options: AdminAppOptions): Promise<FastifyInstance> {
  const db = options.database.kysely
  // Its callers are operators: what is kept from others is what they have come for.
  const { app, routes } = createFrame({ ...options, errorDetail: 'full' }, () => ({}))
  beStrict(app, routes)
  for (const schema of SCHEMAS) app.addSchema(schema)
  const limits = await createLimits(app, { ...options, db })
  await describeApi(app, { ...options, description: adminDescription, limits })

  const routeOptions = { ...options, db }
  app.register((scope, _options, done) => {
    healthRoutes(scope, options)
    done()
  })
  app.register((scope, _options, done) => {
    admitOperators(scope, options)
    timeLinePictureRoute(scope, routeOptions)
    done()
  })
  app.register((scope, _options, done) => {
    requireAcceptable(scope)
    admitOperators(scope, options)
    listSessionsRoute(scope, routeOptions)
    getSessionRoute(scope, routeOptions)
    endSessionRoute(scope, routeOptions)
    endUserSessionsRoute(scope, routeOptions)
    listSessionEventsRoute(scope, routeOptions)
    listEventsRoute(scope, routeOptions)
    listCutOffsRoute(scope, routeOptions)
    setCutOffRoutes(scope, routeOptions)
    explainSessionRoute(scope, routeOptions)
    explainUserRoute(scope, routeOptions)
    keyRoutes(scope, routeOptions)
    done()
  })
  await app.ready()
  return app
}

/** Lets into a scope only who may do what the route that is asked for states. */
function admitOperators(app: FastifyInstance, options: AdminAppOptions): void {
  neverStore(app)
  refuseUntilLoaded(app, options.keyRing)
  guardWithBearer(app, options)
  requireScope(app)
  readJsonBodies(app)
  acceptNothingElse(app)
}
