import { CompactSign, exportJWK, generateKeyPair } from 'jose'
import { ISSUER, ORDERS } from './service.ts'

/** A key of a drill's own, and access tokens by it for ORDERS. */
export interface OwnKey {
  readonly jwk: object
  /** A token of ten minutes that begins at that instant, in milliseconds since the epoch. */
  sign(at: number, kid?: string): Promise<string>
}

export async function createOwnKey(kid: string): Promise<OwnKey> {
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  let signed = 0
  return {
    jwk: { ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' },
    sign(at, named = kid) {
      const iat = Math.floor(at / 1000)
      signed += 1
      const claims = {
        iss: ISSUER,
        aud: ORDERS,
        sub: 'somebody',
        client_id: 'web',
        jti: `${kid}-${signed}`,
        iat,
        exp: iat + 600,
      }
      return new CompactSign(Buffer.from(JSON.stringify(claims)))
        .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: named })
        .sign(privateKey)
    },
  }
}
