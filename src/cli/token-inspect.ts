import { systemClock } from '../base/clock.ts'
import { type DecodedJwt, decodeUnverified } from '../jwt/decode.ts'
import { describeRefreshToken } from '../sessions/refresh-token.ts'
import type { Answer } from './answer.ts'
import { CommandFailure } from './failure.ts'
import { readStandardInput } from './stdin.ts'
import { count, facts } from './table.ts'
import { whenAndHowFar } from './times.ts'

/** The claims that are instants (RFC 7519 section 4.1, OpenID Connect Core section 2). */
const INSTANTS = ['exp', 'iat', 'nbf', 'auth_time']

/** Whether the text is meant to be a refresh token of ours. */
export function isRefreshToken(token: string): boolean {
  return token.startsWith('mm_rt_')
}

/** The token of the command line, or of standard input for `-`. */
export async function readToken(argument: string): Promise<string> {
  return (argument === '-' ? await readStandardInput('the token') : argument).trim()
}

/** Shows what a token says. Verifies nothing and says so. */
export async function inspectToken(argument: string): Promise<Answer> {
  const token = await readToken(argument)
  if (isRefreshToken(token)) return describeRefresh(token)
  const decoded = decodeUnverified(token)
  if (decoded === undefined) {
    throw new CommandFailure('token_malformed', 'this is no JWT and no refresh token of Mintmark')
  }
  return describeJwt(decoded)
}

function describeJwt({ header, claims }: DecodedJwt): Answer {
  const now = systemClock.now()
  const show = (name: string, value: unknown) =>
    INSTANTS.includes(name) && typeof value === 'number'
      ? `${value}  ${whenAndHowFar(value * 1000, now)}`
      : asText(value)
  const section = (values: Readonly<Record<string, unknown>>) =>
    facts(Object.fromEntries(Object.entries(values).map(([k, v]) => [`  ${k}`, show(k, v)])))
  const exp = claims.exp
  const expired = typeof exp === 'number' ? exp * 1000 <= now : undefined
  return {
    json: { kind: 'jwt', verified: false, expired: expired ?? null, header, claims },
    text: [
      'A JWT, decoded and NOT verified: anybody could have written it.',
      `\nHeader\n${section(header)}`,
      `\nClaims\n${section(claims)}`,
    ].join('\n'),
    notes: ['To check it: mintmark token verify'],
  }
}

function describeRefresh(token: string): Answer {
  const described = describeRefreshToken(token)
  if (described === undefined) {
    const message =
      'this looks like a refresh token, but is cut off or mistyped: its checksum is wrong'
    throw new CommandFailure('token_malformed', message)
  }
  const { version, masterKeyId, generation } = described
  return {
    json: {
      kind: 'refresh_token',
      verified: false,
      version,
      master_key_id: masterKeyId,
      generation,
    },
    text: [
      'A refresh token of Mintmark, decoded and NOT verified.\n',
      facts({
        '  version': String(version),
        '  master key': `${masterKeyId} of MASTER_KEYS made it`,
        '  generation': `its session had rotated ${count(generation, 'time')} when it was made`,
      }),
    ].join('\n'),
    notes: ['It is a secret: it names its session to nobody but this service.'],
  }
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
