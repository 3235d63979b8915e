import { iso } from '../../base/times.ts'
import type { FamilyKnows } from './known-to.ts'
import type { Revocation } from './revoke.ts'

/**
 * What a revocation has done, for a program: the admin API and the command say it alike. What there is
 * not is absent.
 * @param families who has the key that signs in its place
 */
export function toRevocationJson(revocation: Revocation, families: readonly FamilyKnows[]) {
  const { kid, algorithm, was, tokens, isDefault, named, others, signer } = revocation
  const lists = ({ clients, audiences }: typeof named) => ({
    clients: [...clients],
    audiences: [...audiences],
  })
  return {
    kid,
    alg: algorithm,
    was,
    ...(tokens !== undefined && {
      tokens: {
        signed_from: iso(tokens.signedFrom),
        signed_until: iso(tokens.signedUntil),
        would_live_until: iso(tokens.wouldLiveUntil),
      },
    }),
    is_default: isDefault,
    named_by: lists(named),
    others_named_by: lists(others),
    ...(signer !== undefined && {
      signer: {
        kid: signer.kid,
        signs_from: iso(signer.signsFrom),
        known_everywhere_from: iso(revocation.signerKnownFrom ?? signer.signsFrom),
        verifiers: [...families],
      },
    }),
    refused: {
      here_from: iso(revocation.refusedHereFrom),
      by_max_age_from: iso(revocation.refusedByMaxAgeFrom),
      everywhere_from: iso(revocation.refusedEverywhereFrom),
    },
  }
}
