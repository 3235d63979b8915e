import { readScope } from './scope.ts'
import type { CompactJws } from './token/compact.ts'
import type { VerifiedToken } from './types.ts'

/**
 * What is handed out for a token that was found good. Frozen, as it may be handed out again: nobody may
 * write a role into what the next request gets.
 */
export function verifiedOf(jws: CompactJws): VerifiedToken {
  const { header, payload } = jws
  return freeze({
    claims: payload as VerifiedToken['claims'],
    header: header as unknown as VerifiedToken['header'],
    scopes: readScope(payload.scope),
  })
}

/** All the way down; a token is at most 16 levels deep. */
function freeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value
  for (const inner of Object.values(value)) freeze(inner)
  return Object.freeze(value)
}
