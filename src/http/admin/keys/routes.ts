import type { FastifyInstance } from 'fastify'
import { foreseeRevocationRoute } from './foresee-revocation.ts'
import { getKeyRoute } from './get-key.ts'
import { getTimeLineRoute } from './get-time-line.ts'
import { importKeyRoute } from './import-key.ts'
import { listKeysRoute } from './list-keys.ts'
import type { KeyRouteOptions } from './operations.ts'
import { planKeysRoute } from './plan-keys.ts'
import { reencryptKeysRoute } from './reencrypt-keys.ts'
import { revokeKeyRoute } from './revoke-key.ts'
import { rotateKeysRoute } from './rotate-keys.ts'
import { WireArithmetic } from './wire-arithmetic.ts'
import { AdminKey } from './wire-key.ts'
import { KeyRevocation } from './wire-revocation.ts'
import { JwksVerifier } from './wire-verifier.ts'

/** The named schemas of the routes below. */
export const KEY_SCHEMAS = [AdminKey, JwksVerifier, KeyRevocation, WireArithmetic]

/** `/keys`: seeing the signing keys, and stepping in; all answers are JSON. */
export function keyRoutes(app: FastifyInstance, options: KeyRouteOptions): void {
  listKeysRoute(app, options)
  getTimeLineRoute(app, options)
  planKeysRoute(app, options)
  getKeyRoute(app, options)
  foreseeRevocationRoute(app, options)
  rotateKeysRoute(app, options)
  revokeKeyRoute(app, options)
  importKeyRoute(app, options)
  reencryptKeysRoute(app, options)
}
