import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import type { Clock } from '../base/clock.ts'
import { type Random, uuidV7 } from '../base/random.ts'
import type { Network } from '../config/proxies.ts'
import { trustOnly } from './address.ts'
import type { Farewell } from './farewell.ts'
import { createConnectionErrors } from './plugins/connection-errors.ts'
import { answerProblems } from './plugins/errors.ts'
import { acceptRequestId, logRequests } from './plugins/request-log.ts'
import { createRouteTable, type RouteTable } from './plugins/route-table.ts'
import { securityHeaders, sendOnEveryAnswer } from './plugins/security-headers.ts'
import { routableUrl } from './plugins/urls.ts'
import { createSerializers } from './serializers.ts'
import { EXAMPLES } from './wire/media.ts'
import { createWording, type Wording } from './wording.ts'

const BODY_LIMIT = 16 * 1024
const HEADER_LIMIT = 16 * 1024

/** What every app of ours is made with. */
export type FrameOptions = Parameters<typeof createWording>[0] & {
  clock: Clock
  random: Random
  logger: FastifyBaseLogger
  /** Whose word on where a request comes from is believed. */
  trustedProxies: readonly Network[]
  /** Undefined where nobody goes on when this process ends. */
  farewell?: Farewell | undefined
}

/**
 * An app without routes, in which whatever goes wrong is answered our way: with limits on what it
 * reads, an id, a line in the log and the security headers.
 * @param sharingHeaders what a page of that origin needs to read an answer that is written past all
 *   hooks
 */
export function createFrame(
  options: FrameOptions,
  sharingHeaders: (origin: string | undefined) => Record<string, string>,
): { app: FastifyInstance; routes: RouteTable; wording: Wording } {
  const { clock, random, logger } = options
  const newRequestId = () => uuidV7(clock.now(), random)
  const headers = securityHeaders(options.issuer)
  const wording = createWording(options)
  const connectionErrors = createConnectionErrors({
    logger,
    clock,
    sharingHeaders,
    headers,
    wording,
    newRequestId,
  })
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
  options.farewell?.watch(app)
  sendOnEveryAnswer(app, headers)
  // Before the first route, and before that of the preflights, which may be the first.
  answerProblems(app, routes, wording)
  return { app, routes, wording }
}
