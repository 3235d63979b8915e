/** RFC 6749 §3.3: scope tokens with one space between; quotes and backslashes are not for them. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/

/** Takes a `scope` claim apart. Whatever has another form counts as no scopes at all. */
export function readScope(scope: unknown): readonly string[] {
  return typeof scope === 'string' && SCOPE.test(scope) ? scope.split(' ') : []
}

/** The scopes that a call asks for, each once as it was said. */
export function askedScopes(scope: string | readonly string[] | undefined): readonly string[] {
  if (scope === undefined) return []
  return (typeof scope === 'string' ? [scope] : scope).flatMap((one) =>
    one.split(' ').filter((name) => name !== ''),
  )
}
