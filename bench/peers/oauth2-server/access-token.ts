import { randomUUID } from 'node:crypto'
import { generateKeyPair, SignJWT } from 'jose'
import { ACCESS_TOKEN_TTL, AUDIENCE } from '../parties.ts'

/** Signs an access token (RFC 9068) for a subject. */
export type SignAccessToken = (of: {
  subject: string
  clientId: string
  scope: readonly string[]
}) => Promise<string>

/** The library leaves access tokens to its user, who will take jose. */
export async function createSigner(issuer: string): Promise<SignAccessToken> {
  const { privateKey } = await generateKeyPair('ES256')
  const header = { alg: 'ES256', typ: 'at+jwt', kid: 'bench' }
  return ({ subject, clientId, scope }) => {
    const iat = Math.floor(Date.now() / 1000)
    return new SignJWT({
      iss: issuer,
      sub: subject,
      aud: AUDIENCE,
      exp: iat + ACCESS_TOKEN_TTL,
      iat,
      jti: randomUUID(),
      client_id: clientId,
      scope: scope.join(' '),
    })
      .setProtectedHeader(header)
      .sign(privateKey)
  }
}
