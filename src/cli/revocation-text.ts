import type { FamilyKnows } from '../keys/operations/known-to.ts'
import type { Revocation } from '../keys/operations/revoke.ts'
import { knownText } from './keys-words.ts'
import { when, whenAndHowFar } from './times.ts'

/**
 * Says what the revocation of a key does: which tokens die, whose they are, when that is known, and what
 * signs in its place.
 * @param families who has the key that does
 * @param isDone whether it has been revoked by now, or would be
 */
export function revocationText(
  revocation: Revocation,
  families: readonly FamilyKnows[],
  isDone: boolean,
  now: number,
): string {
  const { kid, algorithm, was } = revocation
  if (was === 'revoked') return `${algorithm} key ${kid} was revoked before. Nothing is left to do.`
  const first = isDone
    ? `${algorithm} key ${kid}, which was ${was}, is revoked and its private half is erased.`
    : `This would revoke ${algorithm} key ${kid}, which is ${was}, and erase its private half.`
  return [
    first,
    section('Tokens that die', tokens(revocation)),
    ...(revocation.tokens === undefined
      ? []
      : [section('When they do', refusals(revocation, now))]),
    section('What signs then', signer(revocation, families, now)),
  ].join('\n\n')
}

function section(title: string, lines: readonly string[]): string {
  return [title, ...lines.map((line) => `  ${line}`)].join('\n')
}

function tokens({ tokens: dying, algorithm, isDefault, named, others }: Revocation): string[] {
  if (dying === undefined) return ['None: no token lives that it has signed.']
  const { signedFrom, signedUntil, wouldLiveUntil } = dying
  return [
    `All access tokens that it signs from ${when(signedFrom)} to ${when(signedUntil)}; the last would live until ${when(wouldLiveUntil)}.`,
    isDefault
      ? `${algorithm} is the default: they are those of every client and audience${except(others)}.`
      : `They are those of whoever names ${algorithm}: ${list(named) || 'nobody does now'}.`,
    'No session ends and no refresh token: a client has a new access token by its next refresh.',
  ]
}

type Named = Revocation['named']

function except(others: Named): string {
  const named = list(others)
  return named === '' ? '' : ` but those that name another: ${named}`
}

/** Few are told by name. */
const MOST = 10

function list({ clients, audiences }: Named): string {
  const names = [
    ...clients.map((name) => `client ${name}`),
    ...audiences.map((name) => `audience ${name}`),
  ]
  const more = names.length - MOST
  return [...names.slice(0, MOST), ...(more > 0 ? [`${more} more`] : [])].join(', ')
}

function refusals(revocation: Revocation, now: number): string[] {
  const { refusedHereFrom, refusedByMaxAgeFrom, refusedEverywhereFrom } = revocation
  return [
    `Here every replica refuses them from ${whenAndHowFar(refusedHereFrom, now)} on.`,
    'A verifier that follows /.well-known/revocations refuses them within seconds from now.',
    `A verifier that keeps the JWKS for its max-age refuses them from ${whenAndHowFar(refusedByMaxAgeFrom, now)} on.`,
    `Every verifier does from ${whenAndHowFar(refusedEverywhereFrom, now)} on at the latest: it has fetched the JWKS again (VERIFIER_CACHE_TTL), or they have expired.`,
    'To be faster, restart the verifiers: that empties what they keep.',
    'A replica that does not run may have the key in the jwks-snapshot of its STATE_DIR: delete that file.',
  ]
}

function signer(
  { signer: key, signerKnownFrom = 0, was }: Revocation,
  families: readonly FamilyKnows[],
  now: number,
): string[] {
  if (key === undefined) {
    const isNext = was === 'next'
    return isNext
      ? ['No key signs by this algorithm yet; the running service makes one.']
      : ['No key: the running service makes one within seconds, which no verifier knows yet.']
  }
  const known =
    signerKnownFrom <= now
      ? 'Every verifier knows it by now.'
      : `A verifier may not know it before ${whenAndHowFar(signerKnownFrom, now)}: until then it fetches the JWKS when it sees the kid, or refuses.`
  return [`${key.kid}. ${known}`, `Verifiers that have it: ${knownText(families)}.`]
}
