import { storageProblem } from './storable.ts'

/** Claims that only the service itself may set: the registered ones of RFC 7519, RFC 9068 and ours. */
const RESERVED = new Set([
  'iss',
  'sub',
  'aud',
  'exp',
  'iat',
  'nbf',
  'jti',
  'client_id',
  'scope',
  'sid',
  'auth_time',
  'acr',
  'amr',
  'roles',
  'act',
  'cnf',
  'may_act',
  'azp',
  'nonce',
  'at_hash',
  'events',
  'active',
  'token_type',
  'username',
])

const SIZE_LIMIT = 2048
const DEPTH_LIMIT = 8

/** Why an object cannot be custom claims of an access token; undefined when it can. */
export function claimsProblem(claims: unknown): string | undefined {
  if (typeof claims !== 'object' || claims === null || Array.isArray(claims)) {
    return 'claims must be a JSON object'
  }
  const reserved = Object.keys(claims).filter((name) => RESERVED.has(name))
  if (reserved.length > 0) return `claims must not set reserved names: ${reserved.join(', ')}`
  if (Object.keys(claims).some((name) => name === '' || name === '__proto__')) {
    return 'claims must have ordinary, non-empty names'
  }
  const problem = storageProblem(claims, DEPTH_LIMIT)
  if (problem !== undefined) return `a value of claims ${problem}`
  const size = Buffer.byteLength(JSON.stringify(claims))
  if (size > SIZE_LIMIT) {
    return `claims take ${size} bytes, the limit is ${SIZE_LIMIT}: keep large data at the resource server`
  }
  return undefined
}
