import { OAuthError, quotable } from './error.ts'
import { collectParameters, type Parameters } from './parameters.ts'

/** More fields than this are no OAuth request. */
const FIELD_LIMIT = 100

const malformed = (description: string) => new OAuthError('body_malformed', description)

/**
 * Decodes one name or value of `application/x-www-form-urlencoded` (RFC 6749 appendix B).
 * Undefined for a stray `%` and for bytes that are not UTF-8: the usual parsers let both pass.
 */
export function decodeFormComponent(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}

/** Reads a form body strictly; throws `body_malformed`, `parameter_repeated`, `parameter_invalid`. */
export function parseForm(body: string): Parameters {
  const fields = body.split('&').filter((field) => field !== '')
  if (fields.length > FIELD_LIMIT) {
    throw malformed(`the form holds more than ${FIELD_LIMIT} fields`)
  }
  return collectParameters(
    fields.map((field) => {
      const at = field.indexOf('=')
      const name = decodeFormComponent(at === -1 ? field : field.slice(0, at))
      const value = decodeFormComponent(at === -1 ? '' : field.slice(at + 1))
      if (name === undefined || value === undefined) {
        throw malformed('the form is not percent-encoded UTF-8: encode each value, a % as %25')
      }
      return [name, value] as const
    }),
  )
}

/**
 * Reads the same parameters from a JSON object of strings; `resource` may be a list of them.
 * Throws like {@link parseForm}.
 */
export function parametersFromJson(body: unknown): Parameters {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw malformed('the JSON body must be an object whose values are strings')
  }
  const pairs: [string, string][] = []
  for (const [name, value] of Object.entries(body)) {
    const values = name === 'resource' && Array.isArray(value) ? value : [value]
    for (const each of values) {
      if (typeof each !== 'string') {
        throw new OAuthError('parameter_invalid', `JSON member ${quotable(name)} must be a string`)
      }
      pairs.push([name, each])
    }
  }
  return collectParameters(pairs)
}
