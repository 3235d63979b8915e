import type { Test } from 'tap'
import { claimsOf } from './answer.ts'
import { query } from './database.ts'
import { readPrivateKey } from './forge.ts'
import { createTestService, ISSUER, ORDERS, type Tokens } from './service.ts'

/** A part of a compact JWS. */
export const encode = (part: object | string) =>
  Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url')

/**
 * A good access token that a client got for itself, what it is made of, the key to forge others with,
 * and every door that a forged one may be tried at.
 */
export async function startForgery(t: Test) {
  const service = await createTestService(t)
  const client = await service.addClient({
    authenticationMethod: 'client_secret_basic',
    grantTypes: ['client_credentials'],
    audience: [ORDERS, ISSUER],
    introspects: [ORDERS],
  })
  const form = { grant_type: 'client_credentials' }
  const ask = async () =>
    (await service.post('/token', form, client.basic)).json<Tokens>().access_token
  const token = await ask()
  const { kid, privateKey } = await readPrivateKey(service, 'ES256')
  const header = { alg: 'ES256', typ: 'at+jwt', kid }
  const [headerText = '', payload = '', signature = ''] = token.split('.')

  const introspect = async (token: string) =>
    (await service.post('/introspect', { token }, client.basic)).json<{ active: boolean }>().active
  const me = async (token: string) => {
    const headers = { authorization: `Bearer ${token}` }
    return service.inject({ method: 'GET', url: '/me', headers })
  }
  const revocations = async () =>
    (await query(service.databaseUrl, 'select 1 from revoked_tokens')).length

  /** Expects it to be nobody's token at every door that takes one, and nothing to have come of it. */
  const refuse = async (t: Test, forged: string, what: string) => {
    const answer = await me(forged)
    t.equal(answer.statusCode, 401, what)
    t.match(answer.headers['www-authenticate'], /^Bearer realm="mintmark", error="invalid_token"/)
    t.equal(await introspect(forged), false, `${what}: introspection`)
    const revoke = await service.post('/revoke', { token: forged }, client.basic)
    t.equal(revoke.statusCode, 200, `${what}: revocation`)
  }
  /** The good token still is: nothing that was refused has revoked it. */
  const unharmed = async (t: Test) => {
    t.equal((await me(token)).statusCode, 200)
    t.equal(await introspect(token), true)
    t.equal(await revocations(), 0)
  }
  const text = { header: headerText, payload, signature }
  const made = { token, kid, privateKey, header, claims: claimsOf(token), text, ask }
  return { service, client, introspect, me, refuse, unharmed, ...made }
}
