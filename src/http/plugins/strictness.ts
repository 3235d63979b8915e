import type { FastifyInstance } from 'fastify'
import { releaseConnections } from './closing.ts'
import { refuseAmbiguousHeaders, refuseEncodedBodies } from './headers.ts'
import { answerUnmatched, requireStatedSecurity } from './not-found.ts'
import { warnOfUntrustedProxies } from './proxies.ts'
import type { RouteTable } from './route-table.ts'
import { refuseMalformedUrls } from './urls.ts'

/** Refuses in the whole app what no route should ever see. To be called before the routes. */
export function beStrict(app: FastifyInstance, routes: RouteTable): void {
  refuseMalformedUrls(app)
  warnOfUntrustedProxies(app)
  refuseAmbiguousHeaders(app)
  refuseEncodedBodies(app)
  releaseConnections(app)
  requireStatedSecurity(app)
  answerUnmatched(app, routes)
}
