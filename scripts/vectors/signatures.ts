import { createHmac, createPublicKey, sign as signByNode } from 'node:crypto'
import { base64url, type JWK } from 'jose'
import { createSigningKey, encodePart } from '../../src/verifier/testing/signing-key.ts'
import type { Bench } from './bench.ts'
import type { Vector } from './vector.ts'

/** The order of P-256 (FIPS 186-4, D.1.2.3). */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
const numberOf = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
const bytesOf = (value: bigint) => Buffer.from(value.toString(16).padStart(64, '0'), 'hex')

/** Signatures that are not those of the key over the token, and one that is its twin. */
export async function signatureVectors(bench: Bench): Promise<Vector[]> {
  const good = await bench.sign()
  const input = good.slice(0, good.lastIndexOf('.'))
  const signature = base64url.decode(good.slice(input.length + 1))
  const [r, s] = [signature.subarray(0, 32), signature.subarray(32)]
  const stranger = await createSigningKey('ES256')
  const [zero, order] = [bytesOf(0n), bytesOf(ORDER)]
  const withBytes = (...parts: Uint8Array[]) => `${input}.${base64url.encode(Buffer.concat(parts))}`
  const otherClaims = encodePart(bench.claims({ sub: 'admin' }))
  const { kid } = bench.keys.ES256
  const wrong: [name: string, token: string, why: string][] = [
    ['of-a-stranger', await bench.sign({ key: stranger }), 'made by another key under this kid'],
    [
      'of-another-token',
      withBytes(base64url.decode((await bench.sign()).split('.')[2] ?? '')),
      'of another token',
    ],
    [
      'over-other-claims',
      `${good.split('.')[0]}.${otherClaims}.${good.split('.')[2]}`,
      'the claims were changed',
    ],
    ['one-bit-flipped', withBytes(r, flipped(s)), 'one bit of it was changed'],
    ['of-zeros', withBytes(zero, zero), 'r = s = 0 (CVE-2022-21449)'],
    ['r-zero', withBytes(zero, s), 'r = 0'],
    ['s-zero', withBytes(r, zero), 's = 0'],
    ['r-order', withBytes(order, s), 'r is the order of the curve'],
    ['s-order', withBytes(r, order), 's is the order of the curve'],
    [
      'in-der',
      withBytes(await inDer(bench, input)),
      'in DER, not as r and s (RFC 7518 section 3.4)',
    ],
    ['zero-in-front', withBytes(Buffer.alloc(1), signature), 'a byte too long'],
    ['zero-behind', withBytes(signature, Buffer.alloc(1)), 'a byte too long'],
    ['cut-off', withBytes(signature.subarray(0, 63)), 'a byte too short'],
  ]
  const turned = Buffer.concat([r, bytesOf(ORDER - numberOf(s))])
  return [
    ...wrong.map(([name, token, why]) => ({
      name: `signature-${name}`,
      rfc: 'RFC 7515 section 5.2',
      token,
      expected: 'signature_invalid' as const,
      why: `the signature is not the key’s: ${why}`,
    })),
    {
      name: 'signature-twin',
      token: `${input}.${base64url.encode(turned)}`,
      expected: 'accepted',
      why: '(r, n-s) fits wherever (r, s) does, so it is the same token: revoke by jti or sid, never by the raw text',
    },
    ...(await algorithmVectors(bench)),
    {
      name: 'signature-by-alg-of-another-key',
      rfc: 'RFC 8725 section 3.1',
      token: await bench.sign({
        header: bench.header({ alg: 'RS256', kid }),
        key: bench.keys.RS256,
      }),
      expected: 'alg_not_allowed',
      why: 'one key, one algorithm: the key of this kid is for ES256',
    },
    {
      name: 'signature-ps256-under-rs256-key',
      rfc: 'RFC 8725 section 3.1',
      token: await bench.sign({
        header: bench.header({ alg: 'PS256', kid: bench.keys.RS256.kid }),
        key: { ...bench.keys.PS256, alg: 'PS256' },
      }),
      expected: 'alg_not_allowed',
      why: 'one key, one algorithm: an RSA key that is for RS256 verifies no PS256',
    },
  ]
}

function flipped(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte, index) => (index === 9 ? byte ^ 1 : byte))
}

async function inDer({ keys }: Bench, input: string): Promise<Uint8Array> {
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', keys.ES256.privateKey)
  const key = { key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' } as const
  return signByNode('sha256', Buffer.from(input), key)
}

/** `none`, and HMAC with whatever of the key is public (RFC 8725 §2.1). */
async function algorithmVectors({ keys, header, claims }: Bench): Promise<Vector[]> {
  const nobody = ['none', 'None', 'nOnE', 'NONE', undefined, 1, ['ES256'], null, ''].map((alg) => ({
    name: `alg-${JSON.stringify(alg) ?? 'absent'}`,
    token: `${encodePart(header({ alg }))}.${encodePart(claims())}.AAAA`,
    why: 'nobody signed it',
  }))
  const unsigned: Vector = {
    name: 'alg-none-and-no-signature',
    rfc: 'RFC 8725 section 3.1',
    token: `${encodePart(header({ alg: 'none' }))}.${encodePart(claims())}.`,
    expected: 'token_malformed',
    why: 'an unsecured JWT (RFC 7519 section 6) is none of ours, and is not even looked at',
  }
  const rsa = keys.RS256.jwk
  const pem = createPublicKey({ key: rsa as JWK & { kty: string }, format: 'jwk' })
    .export({ type: 'spki', format: 'pem' })
    .toString()
  const secrets: [name: string, secret: string][] = [
    ['pem', pem],
    ['pem-trimmed', pem.trim()],
    ['pem-after-space', ` ${pem}`],
    ['pem-after-bom', `\ufeff${pem}`],
    ['pem-after-zero-width-space', `\u200b${pem}`],
    ['pem-after-comment', `# key\n${pem}`],
    ['jwk', JSON.stringify(rsa)],
    ['jwks', JSON.stringify({ keys: [rsa] })],
    ['empty', ''],
  ]
  const hmac = secrets.map(([name, secret]) => {
    const input = `${encodePart(header({ alg: 'HS256', kid: rsa.kid }))}.${encodePart(claims())}`
    const mac = createHmac('sha256', secret).update(input).digest('base64url')
    return {
      name: `alg-hs256-${name}`,
      token: `${input}.${mac}`,
      why: 'what is public was taken for a secret of HMAC',
    }
  })
  const wrong = [...nobody, ...hmac].map((vector) => ({
    ...vector,
    rfc: 'RFC 8725 section 3.1',
    expected: 'alg_not_allowed' as const,
  }))
  return [unsigned, ...wrong]
}
