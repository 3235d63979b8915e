import type { FastifyInstance } from 'fastify'
import type { KeyRing } from '../../keys/key-ring.ts'
import { OAuthError } from '../../oauth/error.ts'

/** Before its keys are there the service can decide nothing: 503, whatever was asked. */
export function refuseUntilLoaded(app: FastifyInstance, keyRing: KeyRing): void {
  app.addHook('onRequest', async () => {
    if (!keyRing.loaded)
      throw new OAuthError('not_ready', 'the service is not ready yet; try again')
  })
}
