import type Provider from 'oidc-provider'
import { AUDIENCE, PUBLIC_CLIENT, REFRESH_TOKEN_TTL, SCOPE } from '../parties.ts'

/** What a login would have left behind, of each as many as asked for. */
export interface Seeds {
  /** Refresh tokens to rotate, and to revoke. */
  readonly rotate: string[]
  readonly revoke: string[]
  /** Access tokens to introspect: opaque, as this provider introspects no other. */
  readonly introspect: string[]
}

/** Saves sessions by the provider's own models, so that its rows are as it makes them. */
export async function seed(provider: Provider, count: number): Promise<Seeds> {
  const client = await provider.Client.find(PUBLIC_CLIENT)
  if (client === undefined) throw new Error('there is no public client')
  const seeds: Seeds = { rotate: [], revoke: [], introspect: [] }
  for (let index = 0; index < count; index += 1) {
    for (const purpose of ['rotate', 'revoke'] as const) {
      const accountId = `user-${purpose}-${index}`
      const grant = new provider.Grant({ accountId, clientId: PUBLIC_CLIENT })
      grant.addResourceScope(AUDIENCE, SCOPE)
      const of = { client, accountId, grantId: await grant.save() }
      const properties = { ...of, gty: 'authorization_code', scope: SCOPE }
      const token = new provider.RefreshToken({ ...properties, resource: AUDIENCE } as never)
      seeds[purpose].push(await token.save())
      if (purpose === 'revoke') continue
      // Those that expire while the bench runs would be answered for less.
      const lasting = { ...properties, expiresIn: REFRESH_TOKEN_TTL }
      seeds.introspect.push(await new provider.AccessToken(lasting as never).save())
    }
  }
  return seeds
}
