import { createLocalJWKSet, jwtVerify } from 'jose'
import { ISSUER, type TestService } from './service.ts'

/** What a verifier reads of the list. */
export interface RevocationList {
  readonly iat: number
  readonly as_of: number
  readonly since: number
  readonly seq: number
  readonly more: boolean
  readonly entries: readonly Record<string, unknown>[]
}

/** Verifies a list as a verifier does, who knows the JWK set and nothing else. */
export async function openList(service: TestService, body: string): Promise<RevocationList> {
  const keys = (await service.inject({ url: '/.well-known/jwks.json' })).json()
  const { payload } = await jwtVerify(body, createLocalJWKSet(keys), {
    issuer: ISSUER,
    typ: 'revocations+jwt',
    currentDate: new Date(service.clock.now()),
  })
  return payload as unknown as RevocationList
}

/** What a replica answers after number `since`; with `read`, once it has looked at the database. */
export async function fetchList(
  service: TestService,
  since = 0,
  { read = true } = {},
): Promise<RevocationList> {
  if (read) await service.parts.revocationFeed.read()
  const answer = await service.inject({ url: `/.well-known/revocations?since=${since}` })
  if (answer.statusCode !== 200) throw new Error(`${answer.statusCode}: ${answer.body}`)
  return openList(service, answer.body)
}
