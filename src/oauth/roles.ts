/** What the roles of a client or a user must be, for whoever reads a refusal. */
export const ROLES_RULE = 'roles must be at most 50 words of up to 64 printable ASCII characters'

/** Whether the list can be the `roles` of a token. */
export function areRoles(roles: readonly string[]): boolean {
  return roles.length <= 50 && roles.every((role) => /^[\x21-\x7e]{1,64}$/.test(role))
}
