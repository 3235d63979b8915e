import { duration, listOf } from './readers.ts'
import type { Variable } from './variable.ts'

/** The variables of the signing keys and of when they take their turns, in the README's order. */
export const KEY_VARIABLES = {
  signingAlgorithms: {
    name: 'SIGNING_ALGORITHMS',
    description:
      'Comma-separated, of `ES256`, `RS256`, `PS256`, `EdDSA` and `ES384`: those that there are ' +
      'always keys of, beside those that a client or an audience names. The first signs by default.',
    example: 'ES256,RS256',
    default: 'ES256,RS256',
    read: listOf('ES256', 'RS256', 'PS256', 'EdDSA', 'ES384'),
  },
  keyRotateEverySeconds: {
    name: 'KEY_ROTATE_EVERY',
    description: 'How long one key signs before the next one does, `30s` to `3650d`.',
    example: '30d',
    default: '30d',
    read: duration('30s', '3650d'),
  },
  keyPublishAheadSeconds: {
    name: 'KEY_PUBLISH_AHEAD',
    description:
      'How long a key is published before it signs; 10 seconds more than `VERIFIER_CACHE_TTL` and ' +
      'less than `KEY_ROTATE_EVERY`, at least.',
    example: '24h',
    default: '24h',
    read: duration('1s', '365d'),
  },
  verifierCacheTtlSeconds: {
    name: 'VERIFIER_CACHE_TTL',
    description:
      'The longest that a verifier of yours goes by one answer of the JWKS, with any shared cache ' +
      'before it. The `max-age` of answers is no longer, nor than five minutes; many libraries go ' +
      'by a time of their own.',
    example: '1h',
    default: '1h',
    read: duration('5s', '30d'),
  },
} satisfies Record<string, Variable<unknown>>
