import type { Verifier } from '../keys/fetches/count.ts'
import { listVerifiers } from '../keys/fetches/store.ts'
import { createMasterKeys } from '../keys/master-keys.ts'
import { knownTo } from '../keys/operations/known-to.ts'
import { type KeySchedule, readKeySchedule } from '../keys/operations/schedule.ts'
import { type KeyStatus, toKeyStatus } from '../keys/operations/status.ts'
import { isPublished } from '../keys/signing-key.ts'
import type { Answer } from './answer.ts'
import { KEY_SETTINGS, masterKeysIfGiven, withDeployment } from './deployment.ts'
import { isoOrNull, knownText } from './keys-words.ts'
import { facts, table } from './table.ts'
import { iso, when, whenAndHowFar } from './times.ts'

const NEEDS_MASTER_KEYS =
  'MASTER_KEYS is not set here: whether the private halves open was not tried.'

/** Tells everything of each signing key, oldest first; exit code 1 when one does not open. */
export function tellKeys(): Promise<Answer> {
  return withDeployment([...KEY_SETTINGS, ...masterKeysIfGiven()], async (deployment) => {
    const { database, clock, config } = deployment
    const masterKeys = config.masterKeys && createMasterKeys(config.masterKeys)
    const schedule = await readKeySchedule(database.kysely, config, clock.now())
    const verifiers = await listVerifiers(database.kysely)
    const keys = toKeyStatus(schedule, masterKeys)
    const published = keys.filter(({ key }) => isPublished(key))
    const withdrawn = keys.filter(({ key }) => !isPublished(key))
    const { impossible } = schedule
    return {
      json: {
        at: iso(schedule.now),
        keys: keys.map((one) => keyJson(one, verifiers, schedule)),
        impossible,
      },
      text:
        keys.length === 0
          ? 'No keys yet: the service makes its first ones when it starts.'
          : [
              ...published.map((one) => keyText(one, verifiers, schedule)),
              ...(withdrawn.length === 0 ? [] : [withdrawnText(withdrawn, schedule.now)]),
            ].join('\n\n'),
      notes: [
        ...(masterKeys === undefined ? [NEEDS_MASTER_KEYS] : []),
        ...impossible.map(
          (kid) => `Signing key ${kid} is of an algorithm or in a state that this version lacks.`,
        ),
      ],
      good: impossible.length === 0 && keys.every(({ seal }) => seal !== 'closed'),
    }
  })
}

function keyJson(status: KeyStatus, verifiers: readonly Verifier[], schedule: KeySchedule) {
  const { key, planned } = status
  return {
    kid: key.kid,
    alg: key.algorithm,
    state: key.state,
    created_at: iso(key.createdAt),
    published_at: isoOrNull(key.publishedAt),
    signs_from: iso(key.signsFrom),
    signs_until: isoOrNull(key.signsUntil),
    withdrawn_at: isoOrNull(key.withdrawnAt),
    tokens_live_until: isoOrNull(status.tokensLiveUntil),
    planned: {
      signs_until: isoOrNull(planned.signsUntil),
      tokens_live_until: isoOrNull(planned.tokensLiveUntil),
      withdrawn_at: isoOrNull(planned.withdrawnAt),
    },
    private_half: status.seal,
    master_key_id: key.sealed?.masterKeyId ?? null,
    ...(status.sealProblem !== undefined && { problem: status.sealProblem }),
    verifiers: isPublished(key) ? knownTo(verifiers, key, schedule.timing, schedule.now) : [],
  }
}

function keyText(
  status: KeyStatus,
  verifiers: readonly Verifier[],
  { timing, now }: KeySchedule,
): string {
  const { key, planned } = status
  const told = (at: number | undefined) => (at === undefined ? undefined : whenAndHowFar(at, now))
  const asPlanned = (at: number | undefined) =>
    at === undefined ? undefined : `${whenAndHowFar(at, now)}, as planned`
  const values = {
    made: told(key.createdAt),
    'published by all': publishedText(status, now),
    'signs from': told(key.signsFrom),
    'signs until': told(key.signsUntil) ?? asPlanned(planned.signsUntil),
    'its tokens live until': tokensText(status, now),
    'published until': asPlanned(planned.withdrawnAt),
    'private half': sealText(status),
    'verifiers that have it': knownText(knownTo(verifiers, key, timing, now)),
  }
  return `${key.algorithm}  ${key.state}  ${key.kid}\n${indent(facts(values))}`
}

/** Of the first keys of all nobody has to say so, and of an imported one that signs at once. */
function publishedText({ key }: KeyStatus, now: number): string | undefined {
  if (key.publishedAt !== undefined) return whenAndHowFar(key.publishedAt, now)
  return key.state === 'next' ? 'not yet: it is read in seconds, by a service that runs' : undefined
}

function tokensText({ key, tokensLiveUntil, planned }: KeyStatus, now: number): string {
  if (tokensLiveUntil === undefined) return 'none lives'
  if (key.state !== 'active') return whenAndHowFar(tokensLiveUntil, now)
  const later = planned.tokensLiveUntil
  const end =
    later === undefined ? '' : `; the last of all ${whenAndHowFar(later, now)}, as planned`
  return `${whenAndHowFar(tokensLiveUntil, now)}, of those that it has signed by now${end}`
}

function sealText({ key, seal, sealProblem }: KeyStatus): string {
  if (seal === 'erased') return 'erased'
  const under = `under master key ${key.sealed?.masterKeyId}`
  if (seal === 'closed') return `DOES NOT OPEN: ${sealProblem}`
  return seal === 'opens' ? `opens ${under}` : `${under}, not tried`
}

function withdrawnText(withdrawn: readonly KeyStatus[], now: number): string {
  return table(
    ['kid', 'alg', 'state', 'signed from', 'withdrawn', 'its tokens live until'],
    withdrawn.map(({ key, tokensLiveUntil }) => [
      key.kid,
      key.algorithm,
      key.state,
      key.signsFrom <= (key.withdrawnAt ?? now) ? when(key.signsFrom) : 'never',
      key.withdrawnAt === undefined ? '' : when(key.withdrawnAt),
      tokensLiveUntil === undefined ? 'none lives' : whenAndHowFar(tokensLiveUntil, now),
    ]),
    '',
  )
}

function indent(text: string): string {
  return text.replace(/^/gm, '  ')
}
