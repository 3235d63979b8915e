import { OAuthError, quotable } from './error.ts'
import { isStorableText } from './storable.ts'

/**
 * The parameters of a request to an OAuth endpoint (RFC 6749 §3.2). Every name has one value, but
 * `resource`, which may be repeated (RFC 8707 §2). An empty value is the same as an absent one.
 */
export interface Parameters {
  /** The value of a parameter; undefined when it is absent or empty. */
  get(name: string): string | undefined
  /** Throws `parameter_missing` when the parameter is absent or empty. */
  require(name: string): string
  /** All values of `resource`. */
  readonly resources: readonly string[]
}

const REPEATABLE = 'resource'

/** Gathers pairs into Parameters; throws `parameter_repeated`, `parameter_invalid`. */
export function collectParameters(pairs: Iterable<readonly [string, string]>): Parameters {
  const values = new Map<string, string>()
  const resources: string[] = []
  const seen = new Set<string>()
  for (const [name, value] of pairs) {
    if (!isStorableText(name) || !isStorableText(value)) {
      throw new OAuthError(
        'parameter_invalid',
        `parameter ${quotable(name)} holds a NUL or an unpaired surrogate`,
      )
    }
    if (seen.has(name) && name !== REPEATABLE) {
      throw new OAuthError(
        'parameter_repeated',
        `parameter ${quotable(name)} must not appear more than once (RFC 6749 section 3.2)`,
      )
    }
    seen.add(name)
    if (value === '') continue
    if (name === REPEATABLE) resources.push(value)
    else values.set(name, value)
  }
  const get = (name: string) => values.get(name)
  return { get, require: requireFrom(get), resources }
}

/** The same parameters with some values set, whatever they were before. */
export function withValues(
  parameters: Parameters,
  values: Readonly<Record<string, string>>,
): Parameters {
  const get = (name: string) => (Object.hasOwn(values, name) ? values[name] : parameters.get(name))
  return { ...parameters, get, require: requireFrom(get) }
}

/** Reads what must be there. */
function requireFrom(get: Parameters['get']): Parameters['require'] {
  return (name) => {
    const value = get(name)
    if (value === undefined) {
      throw new OAuthError('parameter_missing', `parameter ${quotable(name)} is missing`)
    }
    return value
  }
}
