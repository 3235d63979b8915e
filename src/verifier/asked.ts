import { askedScopes } from './scope.ts'

type Kind = (value: unknown) => string | undefined

/** What a call may ask for, and what is wrong with a value; undefined when nothing is. */
const KINDS: Readonly<Record<string, Kind>> = {
  scope: (value) =>
    isNames(value) ? undefined : 'must be a scope or a list of them, none of them empty',
  whenRevocationsStale: (value) =>
    value === undefined || value === 'open' || value === 'closed'
      ? undefined
      : "must be 'open' or 'closed'",
}

const KINDS_OF_ROUTE: Readonly<Record<string, Kind>> = {
  ...KINDS,
  optional: (value) =>
    value === undefined || typeof value === 'boolean' ? undefined : 'must be true or false',
}

/**
 * Throws a TypeError that says what is wrong with what a call asks for: a scope that was misspelled,
 * or was not there, must not let everybody in.
 */
export function examineAsked(asked: unknown): void {
  examine(asked, KINDS)
}

/** The same of what a route wants, when its guard is made. */
export function examineRequired(required: unknown): void {
  examine(required, KINDS_OF_ROUTE)
}

/** The same of scopes that stand alone; returns them, each by itself. */
export function requireScopes(scopes: string | readonly string[]): readonly string[] {
  const wrong = KINDS.scope?.(scopes)
  if (wrong !== undefined) throw new TypeError(`scopes ${wrong}`)
  return askedScopes(scopes)
}

function examine(asked: unknown, kinds: Readonly<Record<string, Kind>>): void {
  if (typeof asked !== 'object' || asked === null || Array.isArray(asked)) {
    throw new TypeError("what is asked for must be an object, such as { scope: 'orders:read' }")
  }
  for (const [name, value] of Object.entries(asked)) {
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined
    const wrong = kind
      ? kind(value)
      : `cannot be asked for; there are ${Object.keys(kinds).join(', ')}`
    if (wrong !== undefined) throw new TypeError(`${name} ${wrong}`)
  }
}

function isNames(value: unknown): boolean {
  const names: readonly unknown[] = Array.isArray(value) ? value : [value]
  return names.length > 0 && names.every((one) => typeof one === 'string' && /\S/.test(one))
}
