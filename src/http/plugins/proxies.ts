import type { FastifyInstance } from 'fastify'
import { addressOf } from '../address.ts'

/**
 * Says once in the log when somebody who is not trusted sends X-Forwarded-For: more often than a liar
 * it is the operator's own proxy, behind which all callers would be limited as one.
 */
export function warnOfUntrustedProxies(app: FastifyInstance): void {
  let said = false
  app.addHook('onRequest', async (request) => {
    if (said || request.headers['x-forwarded-for'] === undefined) return
    // With the peer trusted there is at least one address behind it.
    if ((request.ips?.length ?? 1) > 1) return
    said = true
    request.log.warn(
      { address: addressOf(request) },
      'X-Forwarded-For came from an address that TRUSTED_PROXIES does not name: it is not believed',
    )
  })
}
