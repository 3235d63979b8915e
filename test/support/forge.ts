import { type KeyObject, sign } from 'node:crypto'
import type { Algorithm } from '../../src/jwt/algorithms.ts'
import { createMasterKeys } from '../../src/keys/master-keys.ts'
import { openPrivateKey } from '../../src/keys/signing-key.ts'
import { listSigningKeys } from '../../src/keys/store.ts'
import type { TestService } from './service.ts'
import { TEST_MASTER_KEY } from './template.ts'

/** The private half of the service's active key of an algorithm. */
export async function readPrivateKey(
  service: TestService,
  algorithm: Algorithm,
): Promise<{ kid: string; privateKey: KeyObject }> {
  const keys = await listSigningKeys(service.parts.database.kysely)
  const key = keys.find((one) => one.algorithm === algorithm && one.state === 'active')
  if (key === undefined) throw new Error(`no active ${algorithm} key`)
  const masterKeys = createMasterKeys([TEST_MASTER_KEY])
  return { kid: key.kid, privateKey: openPrivateKey(key, masterKeys) }
}

/** A compact JWS of exactly this header and payload, as text or as what becomes JSON. */
export function forge(header: object | string, payload: object | string, key: KeyObject): string {
  const encode = (part: object | string) =>
    Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url')
  const input = `${encode(header)}.${encode(payload)}`
  const signature = sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' })
  return `${input}.${signature.toString('base64url')}`
}
