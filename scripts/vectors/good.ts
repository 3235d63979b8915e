import { ALGORITHMS, AUDIENCE, type Bench, NOW, TOLERANCE } from './bench.ts'
import type { Vector } from './vector.ts'

/** Tokens that a verifier which refuses everything would fail at. */
export async function goodVectors({ keys, header, claims, sign }: Bench): Promise<Vector[]> {
  const byAlgorithm = ALGORITHMS.map(async (alg) => ({
    name: `good-${alg.toLowerCase()}`,
    rfc: 'RFC 9068 section 2',
    token: await sign({ header: header({ alg, kid: keys[alg].kid }), key: keys[alg] }),
    expected: 'accepted' as const,
    why: `an access token signed by ${alg}`,
  }))
  const sid = '019aac0e-5e00-7c2b-9a51-3f0d8e6b7a42'
  const ofSession = claims({ sid, auth_time: NOW - 60, acr: 'urn:mace:loa2', amr: ['pwd'] })
  const others: [name: string, why: string, token: Promise<string>, scope?: string][] = [
    ['good-scope', 'the scope that is asked for is among its own', sign(), 'orders:read'],
    [
      'good-scopes',
      'all scopes that are asked for are its own, in any order',
      sign({ claims: claims({ scope: 'orders:read orders:write' }) }),
      'orders:write orders:read',
    ],
    [
      'good-audience-list',
      'the audience is one of several',
      sign({ claims: claims({ aud: ['https://stock.example', AUDIENCE] }) }),
    ],
    ['good-of-a-session', 'a token of a user’s session', sign({ claims: ofSession })],
    [
      'good-without-scope',
      'no scope was asked for, so none need be there',
      sign({ claims: claims({ scope: undefined }) }),
    ],
    [
      'good-typ-in-capitals',
      'media types are compared without regard to case',
      sign({ header: header({ typ: 'AT+JWT' }) }),
    ],
    [
      'good-typ-in-full',
      'the prefix application/ may be left out, and need not be',
      sign({ header: header({ typ: 'application/at+jwt' }) }),
    ],
    [
      'good-within-tolerance',
      'expired, by less than clocks may differ',
      sign({ claims: claims({ exp: NOW - TOLERANCE + 1 }) }),
    ],
    [
      'good-iat-ahead',
      'issued in the future, by less than clocks may differ',
      sign({ claims: claims({ iat: NOW + TOLERANCE - 1 }) }),
    ],
    [
      'good-longest-life',
      'lives for exactly as long as is taken: an hour',
      sign({ claims: claims({ iat: NOW - 60, exp: NOW - 60 + 3600 }) }),
    ],
    [
      'good-nested',
      'a custom claim of some levels',
      sign({ claims: claims({ shop: { city: { street: ['Main St', { no: 1 }] } } }) }),
    ],
    [
      'good-unicode',
      'text beyond ASCII, a surrogate pair among it',
      sign({ claims: claims({ sub: 'Zoë 🗝' }) }),
    ],
  ]
  return Promise.all([
    ...byAlgorithm,
    ...others.map(async ([name, why, token, scope]) => ({
      name,
      token: await token,
      ...(scope !== undefined && { scope }),
      expected: 'accepted' as const,
      why,
    })),
  ])
}
