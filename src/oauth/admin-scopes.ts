/** How the scopes begin that are the service's own: no other scope may be called so. */
const PREFIX = 'mintmark:'

/** What an operator's client may do at the admin API: a closed set. */
export const adminScopes = [
  'mintmark:sessions:read',
  'mintmark:sessions:write',
  'mintmark:events:read',
  'mintmark:cut-offs:read',
  'mintmark:cut-offs:write',
  'mintmark:keys:read',
  'mintmark:keys:write',
] as const
export type AdminScope = (typeof adminScopes)[number]

/** Those of the scopes that are for the admin API, or look like it. */
export function reservedScopes(scope: readonly string[]): string[] {
  return scope.filter((value) => value.toLowerCase().startsWith(PREFIX))
}

/** Whether all of them are known scopes of the admin API. */
export function areAdminScopes(scope: readonly string[]): scope is AdminScope[] {
  return scope.every((value) => adminScopes.some((known) => known === value))
}
