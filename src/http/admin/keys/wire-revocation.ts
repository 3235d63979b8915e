import { Type } from 'typebox'
import { keyStates } from '../../../keys/signing-key.ts'
import { Alg, KID, NEXT_KID } from './wire-key.ts'
import { FamiliesKnow } from './wire-verifier.ts'

const exact = { additionalProperties: false }
const at = (description: string) => Type.String({ format: 'date-time', description })

const Choosers = Type.Object(
  { clients: Type.Array(Type.String()), audiences: Type.Array(Type.String()) },
  exact,
)

/** What the revocation of a key has done. */
export const KeyRevocation = Type.Object(
  {
    kid: Type.String(),
    alg: Alg,
    was: Type.String({
      enum: [...keyStates],
      description: 'What it was before. `revoked`: it had been revoked, and nothing was done.',
    }),
    tokens: Type.Optional(
      Type.Object(
        {
          signed_from: at('When it had begun to sign.'),
          signed_until: at('When it has stopped on every replica.'),
          would_live_until: at('When the last of them would have expired.'),
        },
        {
          description:
            'All that it signed in this time; absent when nothing lives that it signed. Whoever has one gets another by a refresh, or by asking again.',
          ...exact,
        },
      ),
    ),
    is_default: Type.Boolean({
      description: 'Whether its algorithm signs for all who name no other.',
    }),
    named_by: { ...Choosers, description: 'Who names its algorithm.' },
    others_named_by: {
      ...Choosers,
      description: 'Who names another algorithm, and is not touched.',
    },
    signer: Type.Optional(
      Type.Object(
        {
          kid: Type.String(),
          signs_from: at('When it began to sign.'),
          known_everywhere_from: at('When every verifier knows it, at the latest.'),
          verifiers: FamiliesKnow,
        },
        { description: 'The key that signs in its place; absent when there is none.', ...exact },
      ),
    ),
    refused: Type.Object(
      {
        here_from: at('When our own endpoints refuse its tokens, on every replica.'),
        by_max_age_from: at('When a verifier does that keeps the JWKS no longer than max-age.'),
        everywhere_from: at('When every verifier does, at the latest.'),
      },
      exact,
    ),
  },
  { $id: 'KeyRevocation', description: 'What a revocation has done.', ...exact },
)

export const revocationExample = {
  kid: KID,
  alg: 'ES256',
  was: 'active',
  tokens: {
    signed_from: '2026-11-11T12:00:00.000Z',
    signed_until: '2026-11-21T12:00:10.000Z',
    would_live_until: '2026-11-21T12:10:10.000Z',
  },
  is_default: true,
  named_by: { clients: [], audiences: ['https://orders.example'] },
  others_named_by: { clients: ['legacy'], audiences: [] },
  signer: {
    kid: NEXT_KID,
    signs_from: '2026-11-21T12:00:00.000Z',
    known_everywhere_from: '2026-11-11T13:00:10.000Z',
    verifiers: [{ family: 'jose', have: 12, lack: 0 }],
  },
  refused: {
    here_from: '2026-11-21T12:00:10.000Z',
    by_max_age_from: '2026-11-21T12:05:10.000Z',
    everywhere_from: '2026-11-21T12:11:10.000Z',
  },
}
