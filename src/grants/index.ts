import { createClientCredentialsGrant } from './client-credentials/grant.ts'
import type { Grant } from './grant.ts'
import { createPasswordGrant } from './password/grant.ts'
import { createRefreshTokenGrant } from './refresh-token/grant.ts'

/** What the grants need, taken together. */
export type GrantsOptions = Parameters<typeof createPasswordGrant>[0] &
  Parameters<typeof createRefreshTokenGrant>[0]

/** The list of grants: a new one is one folder and one line here. */
export function createGrants(options: GrantsOptions): Grant[] {
  return [
    createClientCredentialsGrant(),
    createPasswordGrant(options),
    createRefreshTokenGrant(options),
  ]
}
