import type { VerifyCode } from '../../src/verifier/errors.ts'
import { AUDIENCE, type Bench, ISSUER, NOW, TOLERANCE } from './bench.ts'
import type { Vector } from './vector.ts'

type Odd = [name: string, claims: Record<string, unknown>]
interface Family {
  readonly rfc: string
  readonly expected: VerifyCode
  readonly why: string
  readonly scope?: string
  readonly cases: readonly Odd[]
}

/** Claims that a good key signed and a verifier must refuse all the same. */
export async function claimVectors({ claims, sign }: Bench): Promise<Vector[]> {
  const families = FAMILIES.flatMap(({ cases, ...family }) =>
    cases.map(async ([name, other]) => ({
      name,
      ...family,
      token: await sign({ claims: claims(other) }),
    })),
  )
  return Promise.all(families)
}

/** A claim with each of these values; undefined leaves it out. */
function each(claim: string, values: readonly unknown[]): Odd[] {
  return values.map((value) => [
    `${claim}-${JSON.stringify(value) ?? 'absent'}`,
    { [claim]: value },
  ])
}

const FAMILIES: readonly Family[] = [
  {
    rfc: 'RFC 7519 section 4.1.4',
    expected: 'token_expired',
    why: 'it has expired, by more than clocks may differ',
    cases: [
      ['exp-past-tolerance', { iat: NOW - 600, exp: NOW - TOLERANCE - 1 }],
      ['exp-at-tolerance', { iat: NOW - 600, exp: NOW - TOLERANCE }],
      ['exp-long-ago', { iat: NOW - 90_000, exp: NOW - 86_400 }],
    ],
  },
  {
    rfc: 'RFC 7519 section 2',
    expected: 'claim_invalid',
    why: 'exp is no whole, finite number of seconds',
    cases: each('exp', [undefined, null, '4102444800', -1, NOW + 300.5, [NOW + 300], true]),
  },
  {
    rfc: 'RFC 7519 section 2',
    expected: 'claim_invalid',
    why: 'iat is no whole, finite number of seconds',
    cases: each('iat', [undefined, null, `${NOW}`, -1, NOW - 60.5]),
  },
  {
    rfc: 'RFC 8725 section 3.8',
    expected: 'lifetime_too_long',
    why: 'from iat to exp it is more than an hour: nobody could ever take it back',
    cases: [
      ['lifetime-a-second-more', { iat: NOW - 60, exp: NOW - 60 + 3601 }],
      ['lifetime-ten-years', { exp: NOW + 315_360_000 }],
    ],
  },
  {
    rfc: 'RFC 7519 section 4.1.6',
    expected: 'token_not_yet_valid',
    why: 'it is of the future, by more than clocks may differ',
    cases: [
      ['iat-ahead', { iat: NOW + TOLERANCE + 1 }],
      ['nbf-ahead', { nbf: NOW + TOLERANCE + 1 }],
    ],
  },
  {
    rfc: 'RFC 7519 section 4.1.5',
    expected: 'claim_invalid',
    why: 'nbf is no number of seconds',
    cases: each('nbf', [`${NOW}`, null]),
  },
  {
    rfc: 'RFC 9068 section 4',
    expected: 'audience_mismatch',
    why: 'it is for somebody else, or aud is no name and no list of names',
    cases: [
      ...each('aud', ['https://stock.example', `${AUDIENCE}/`, AUDIENCE.toUpperCase(), ISSUER]),
      ...each('aud', [['https://stock.example'], undefined, null, '', []]),
      ...each('aud', [{ 0: AUDIENCE }, [[AUDIENCE]], [AUDIENCE, 1]]),
    ],
  },
  {
    rfc: 'RFC 9068 section 4',
    expected: 'issuer_mismatch',
    why: 'iss is compared to the letter',
    cases: each('iss', [
      ...['https://other.example', `${ISSUER}/`, 'https://AUTH.example', 'http://auth.example'],
      ...['https://auth.example:443', 'https://staging.auth.example', ''],
      ...[[ISSUER], [ISSUER, 'https://other.example'], null, undefined],
    ]),
  },
  {
    rfc: 'RFC 9068 section 2.2',
    expected: 'claim_invalid',
    why: 'a claim that every access token has is missing or is no text',
    cases: [
      ...each('sub', ['', 1, null, undefined, ['a']]),
      ...each('client_id', ['', 1, undefined]),
      ...each('jti', ['', 1, undefined]),
      ...each('sid', ['', 1, null]),
    ],
  },
  {
    rfc: 'RFC 7800 section 3.1',
    expected: 'claim_invalid',
    why: 'it is bound to a key of its client, and was sent as if it were not',
    cases: [['cnf', { cnf: { jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I' } }]],
  },
  {
    rfc: 'RFC 7519 section 4.1.4',
    expected: 'claim_invalid',
    why: 'it expired before it was issued',
    cases: [['exp-before-iat', { iat: NOW, exp: NOW - 1 }]],
  },
  {
    rfc: 'RFC 6749 section 3.3',
    expected: 'scope_missing',
    why: 'it lacks the scope that is asked for; a scope that is no list of words gives nothing',
    scope: 'orders:delete',
    cases: each('scope', [
      ...['orders:read', undefined, '', 'orders:delete2', 'ORDERS:DELETE'],
      ...[
        ['orders:delete'],
        { 'orders:delete': true },
        'a\torders:delete',
        'orders:delete\n',
        null,
      ],
    ]),
  },
]
