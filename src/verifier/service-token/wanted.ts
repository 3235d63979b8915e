import { askedScopes } from '../scope.ts'
import type { Wanted } from './request.ts'
import type { ServiceTokenRequest } from './types.ts'

/** What a token is asked for, however it is written. Throws TypeError for what is no such request. */
export function readWanted(request: ServiceTokenRequest): Wanted {
  if (typeof request !== 'object' || request === null || Array.isArray(request)) {
    throw new TypeError("getToken takes an object: getToken({ audience: 'https://stock.example' })")
  }
  const { audience, scope, ...unknown } = request
  const [other] = Object.keys(unknown)
  if (other !== undefined) throw new TypeError(`${other} is not asked for: audience and scope are`)
  return {
    audiences: [...textsOf('audience', audience)].sort(),
    scopes: [...new Set(askedScopes(textsOf('scope', scope)))].sort(),
  }
}

function textsOf(name: string, value: unknown = []): readonly string[] {
  const texts: unknown[] = Array.isArray(value) ? value : [value]
  const isRight = texts.every((one) => typeof one === 'string' && (one !== '' || name === 'scope'))
  if (isRight) return texts as string[]
  throw new TypeError(`${name} must be a string that is not empty, or several`)
}
