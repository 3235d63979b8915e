import type { VerifyCode } from '../../src/verifier/errors.ts'
import { createSigningKey } from '../../src/verifier/testing/signing-key.ts'
import type { Bench } from './bench.ts'
import type { Vector } from './vector.ts'

/** Headers that a good key signed and a verifier must refuse all the same. */
export async function headerVectors(bench: Bench): Promise<Vector[]> {
  return [
    ...(await typVectors(bench)),
    ...(await kidVectors(bench)),
    ...(await memberVectors(bench)),
    ...(await keysOfTheTokensOwn(bench)),
  ]
}

const TYPES = [
  ...['JWT', 'id_token', 'dpop+jwt', 'logout+jwt', 'client-authentication+jwt', 'secevent+jwt'],
  ...['token-introspection+jwt', 'revocations+jwt', 'application/jwt', '', undefined, null, 1],
  ['at+jwt'],
]

async function typVectors({ header, sign }: Bench): Promise<Vector[]> {
  return Promise.all(
    TYPES.map(async (typ) => ({
      name: `typ-${JSON.stringify(typ) ?? 'absent'}`,
      rfc: 'RFC 9068 section 4',
      token: await sign({ header: header({ typ }) }),
      expected: 'typ_not_allowed' as const,
      why: 'an access token says at+jwt; everything else that the issuer signs is no access token',
    })),
  )
}

const KIDS: [name: string, kid: unknown, expected: VerifyCode][] = [
  ['absent', undefined, 'kid_missing'],
  ['empty', '', 'kid_missing'],
  ['null', null, 'kid_missing'],
  ['number', 1, 'kid_missing'],
  ['list', ['a'], 'kid_missing'],
  ['long', 'k'.repeat(257), 'kid_missing'],
  ['unknown', 'nobodys-key', 'kid_unknown'],
  ['path', '../../dev/null', 'kid_unknown'],
  ['sql', "' OR 1=1--", 'kid_unknown'],
  ['nul', 'a\0b', 'kid_unknown'],
  ['proto', '__proto__', 'kid_unknown'],
  ['constructor', 'constructor', 'kid_unknown'],
]

async function kidVectors({ header, sign }: Bench): Promise<Vector[]> {
  return Promise.all(
    KIDS.map(async ([name, kid, expected]) => ({
      name: `kid-${name}`,
      rfc: 'RFC 7515 section 4.1.4',
      token: await sign({ header: header({ kid }) }),
      expected,
      why: 'a token names the published key that signed it; no key is tried that it does not name',
    })),
  )
}

async function memberVectors({ header, claims, sign }: Bench): Promise<Vector[]> {
  const crits = [['x'], ['exp'], ['alg'], [], ['x', 'x'], 'exp'].map((crit) => ({
    name: `crit-${JSON.stringify(crit)}`,
    rfc: 'RFC 7515 section 4.1.11',
    header: header({ crit, x: 1 }),
    why: 'nothing is understood that crit could name, and it is malformed besides where it is no list of names',
  }))
  const others = [
    {
      name: 'b64-false',
      rfc: 'RFC 7797 section 6',
      header: header({ b64: false, crit: ['b64'] }),
      why: 'no access token has an unencoded payload',
    },
    {
      name: 'b64-false-without-crit',
      rfc: 'RFC 7797 section 6',
      header: header({ b64: false }),
      why: 'b64 must stand in crit, and is not taken there either',
    },
    {
      name: 'zip',
      rfc: 'RFC 8725 section 3.6',
      header: header({ zip: 'DEF' }),
      why: 'a signed token is not compressed',
    },
    {
      name: 'cty-jwt',
      rfc: 'RFC 7519 section 5.2',
      header: header({ cty: 'JWT' }),
      why: 'an access token holds claims, and no other token',
    },
    {
      name: 'alg-twice',
      rfc: 'RFC 7515 section 4',
      header: JSON.stringify(header()).replace('{', '{"alg":"none",'),
      why: 'a name that stands twice is read otherwise by another parser',
    },
    {
      name: 'alg-twice-escaped',
      rfc: 'RFC 7515 section 4',
      header: JSON.stringify(header()).replace('{', '{"\\u0061lg":"none",'),
      why: 'a name that stands twice, once escaped',
    },
    { name: 'list', rfc: 'RFC 7515 section 4', header: '["ES256"]', why: 'a header is an object' },
    { name: 'text', rfc: 'RFC 7515 section 4', header: 'ES256', why: 'a header is JSON' },
  ].map((one) => ({ ...one, name: `header-${one.name}` }))
  const vectors = [...crits, ...others].map(async ({ header: given, ...rest }) => ({
    ...rest,
    token: await sign({ header: given, claims: claims() }),
    expected: 'token_malformed' as const,
  }))
  return Promise.all(vectors)
}

/** The token brings, or names, the key that it is to be verified with (RFC 8725 §3.10). */
async function keysOfTheTokensOwn({ header, sign, keys }: Bench): Promise<Vector[]> {
  const stranger = await createSigningKey('ES256')
  const own = { jwk: stranger.jwk }
  const url = 'https://attacker.example/keys'
  const cases: [name: string, members: Record<string, unknown>][] = [
    ['jwk', own],
    ['jku', { jku: url }],
    ['x5u', { x5u: url }],
    ['x5c', { x5c: ['MIIBszCCAVmgAwIBAgIUQ2VydA=='] }],
  ]
  return Promise.all(
    cases.flatMap(([name, members]) => [
      (async () => ({
        name: `key-in-${name}`,
        rfc: 'RFC 8725 section 3.10',
        token: await sign({
          header: header({ ...members, kid: stranger.kid }),
          key: stranger,
        }),
        expected: 'token_malformed' as const,
        why: 'the key is the token’s own, and no issuer’s: it is neither taken nor fetched',
      }))(),
      (async () => ({
        name: `key-in-${name}-under-a-known-kid`,
        rfc: 'RFC 8725 section 3.10',
        token: await sign({
          header: header({ ...members, kid: keys.ES256.kid }),
          key: stranger,
        }),
        expected: 'token_malformed' as const,
        why: 'the key of this kid is the published one, whatever the token brings; a header holds alg, kid, typ and nothing else',
      }))(),
    ]),
  )
}
