import { type Static, Type } from 'typebox'
import { iso } from '../../../base/times.ts'
import { algorithmNames } from '../../../jwt/algorithms.ts'
import type { Verifier } from '../../../keys/fetches/count.ts'
import { knownTo } from '../../../keys/operations/known-to.ts'
import type { KeySchedule } from '../../../keys/operations/schedule.ts'
import type { KeyStatus } from '../../../keys/operations/status.ts'
import { isPublished, keyStates } from '../../../keys/signing-key.ts'
import { FamiliesKnow } from './wire-verifier.ts'

const exact = { additionalProperties: false }
const at = (description: string) => Type.String({ format: 'date-time', description })

/** The name of a signature algorithm that exists here. */
export const Alg = Type.String({ enum: [...algorithmNames], description: 'RFC 7518 section 3.1.' })

export const KID = 'oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U'
export const NEXT_KID = 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs'

/** The path parameter of the routes on one key. */
export const Kid = Type.Object({
  kid: Type.String({
    maxLength: 255,
    description: 'The `kid` of its tokens: its thumbprint (RFC 7638).',
    examples: [KID],
  }),
})

export const keyFields = {
  kid: Type.String({ description: 'The thumbprint of the key (RFC 7638).' }),
  alg: Alg,
  state: Type.String({
    enum: [...keyStates],
    description: 'Only an active key signs; all but `retired` and `revoked` are published.',
  }),
  created_at: at('When it was made or imported.'),
  published_at: Type.Optional(
    at('When every replica had the time to publish it; absent before, and of a first key.'),
  ),
  signs_from: at('When it begins to sign, or has begun.'),
  signs_until: Type.Optional(at('When it has stopped.')),
  withdrawn_at: Type.Optional(at('When it was published no more.')),
  tokens_live_until: Type.Optional(
    at('When the last token expires that it has signed by now; absent when none lives.'),
  ),
  planned: Type.Object(
    {
      signs_until: Type.Optional(at('When its successor signs.')),
      tokens_live_until: Type.Optional(at('When the last token will have expired.')),
      withdrawn_at: Type.Optional(at('When it will be published no more.')),
    },
    { description: 'What is to come, if nobody changes anything.', ...exact },
  ),
  private_half: Type.String({
    enum: ['opens', 'erased', 'closed'],
    description: '`closed`: no master key of this replica opens it.',
  }),
  master_key_id: Type.Optional(Type.Integer({ description: 'Of the key that seals it.' })),
  problem: Type.Optional(Type.String({ description: 'Why it is closed.' })),
  verifiers: FamiliesKnow,
}

export const AdminKey = Type.Object(keyFields, {
  $id: 'AdminKey',
  description: 'A signing key. Its private half is never told.',
  ...exact,
})

/** An example of one that signs, and of the one that will. */
export const activeKey = {
  kid: KID,
  alg: 'ES256',
  state: 'active',
  created_at: '2026-10-12T12:00:00.000Z',
  published_at: '2026-10-12T12:00:10.000Z',
  signs_from: '2026-11-11T12:00:00.000Z',
  tokens_live_until: '2026-11-21T12:10:00.000Z',
  planned: {
    signs_until: '2026-12-11T12:00:00.000Z',
    tokens_live_until: '2026-12-11T12:10:10.000Z',
    withdrawn_at: '2026-12-11T12:16:10.000Z',
  },
  private_half: 'opens',
  master_key_id: 1,
  verifiers: [{ family: 'jose', have: 12, lack: 0 }],
}
export const nextKey = {
  kid: NEXT_KID,
  alg: 'ES256',
  state: 'next',
  created_at: '2026-11-11T12:00:00.000Z',
  published_at: '2026-11-11T12:00:10.000Z',
  signs_from: '2026-12-11T12:00:00.000Z',
  planned: {},
  private_half: 'opens',
  master_key_id: 1,
  verifiers: [{ family: 'jose', have: 12, lack: 0 }],
}

/** The wire form of what is known of a key, and of who knows it. */
export function toAdminKey(
  status: KeyStatus,
  verifiers: readonly Verifier[],
  { timing, now }: KeySchedule,
): Static<typeof AdminKey> {
  const { key, planned, seal, sealProblem } = status
  return {
    kid: key.kid,
    alg: key.algorithm,
    state: key.state,
    created_at: iso(key.createdAt),
    ...instant('published_at', key.publishedAt),
    signs_from: iso(key.signsFrom),
    ...instant('signs_until', key.signsUntil),
    ...instant('withdrawn_at', key.withdrawnAt),
    ...instant('tokens_live_until', status.tokensLiveUntil),
    planned: {
      ...instant('signs_until', planned.signsUntil),
      ...instant('tokens_live_until', planned.tokensLiveUntil),
      ...instant('withdrawn_at', planned.withdrawnAt),
    },
    private_half: seal,
    ...(key.sealed !== undefined && { master_key_id: key.sealed.masterKeyId }),
    ...(sealProblem !== undefined && { problem: sealProblem }),
    verifiers: isPublished(key) ? knownTo(verifiers, key, timing, now) : [],
  }
}

/** A member for an instant that there may not be. */
export function instant<N extends string>(name: N, value: number | undefined) {
  return value === undefined ? {} : ({ [name]: iso(value) } as Record<N, string>)
}
