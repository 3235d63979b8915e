import { composeKeyOperations } from '../compose.ts'
import type { Algorithm } from '../jwt/algorithms.ts'
import { listVerifiers } from '../keys/fetches/store.ts'
import { foreseeKeys, type PlannedStep } from '../keys/operations/foresee.ts'
import { knownTo } from '../keys/operations/known-to.ts'
import type { HastenedRotation } from '../keys/operations/rotate-now.ts'
import { readKeySchedule, turningAlgorithms } from '../keys/operations/schedule.ts'
import type { Answer } from './answer.ts'
import { KEY_SETTINGS, withDeployment } from './deployment.ts'
import { CommandFailure, EXIT } from './failure.ts'
import { isoOrNull, knownText, sum, sumJson } from './keys-words.ts'
import { operator } from './operator.ts'
import { iso, when, whenAndHowFar } from './times.ts'

/** Says what is to come of the keys, or has the next ones sign as soon as they safely can. */
export async function rotateKeys(options: {
  plan?: boolean
  now?: boolean
  alg?: Algorithm
}): Promise<Answer> {
  if (options.plan === options.now) {
    throw new CommandFailure('usage', 'give one of --plan and --now', EXIT.usage)
  }
  const only = options.alg && [options.alg]
  return options.plan ? tellPlan(only) : hasten(only)
}

function tellPlan(only: readonly Algorithm[] | undefined): Promise<Answer> {
  return withDeployment(KEY_SETTINGS, async ({ database, clock, config }) => {
    const schedule = await readKeySchedule(database.kysely, config, clock.now())
    const { steps } = foreseeKeys(schedule, only)
    const algorithms = [...new Set(steps.map(({ algorithm }) => algorithm))]
    const blocks = algorithms.map((algorithm) =>
      [
        algorithm,
        ...steps
          .filter((step) => step.algorithm === algorithm)
          .map((step) => stepText(step, schedule.now)),
      ].join('\n'),
    )
    return {
      json: {
        at: iso(schedule.now),
        steps: steps.map(({ do: what, algorithm, kid, isMade, why }) => ({
          at: iso(why.at),
          do: what,
          alg: algorithm,
          kid: isMade ? kid : null,
          why: sumJson(why),
        })),
      },
      text: blocks.join('\n\n') || 'Nothing is planned: nobody uses that algorithm.',
      notes: ['The running service does this by itself, if nobody changes anything.'],
    }
  })
}

const DOES: Record<PlannedStep['do'], string> = {
  publish: 'is made and published',
  sign: 'signs',
  stop: 'signs no more, and stays published',
  withdraw: 'is published no more, and its private half is erased',
}

function stepText({ do: what, kid, isMade, why }: PlannedStep, now: number): string {
  const key = isMade ? kid : `a key ${kid}`
  return `  ${whenAndHowFar(why.at, now)}  ${key} ${DOES[what]}\n      ${sum(why)}`
}

function hasten(only: readonly Algorithm[] | undefined): Promise<Answer> {
  return withDeployment(KEY_SETTINGS, async (deployment) => {
    const { database, clock, config } = deployment
    const { rotateNow } = composeKeyOperations(deployment, config)
    const schedule = await readKeySchedule(database.kysely, config, clock.now())
    const rotations: HastenedRotation[] = []
    for (const algorithm of only ?? turningAlgorithms(schedule)) {
      rotations.push(await rotateNow(algorithm, operator))
    }
    const verifiers = await listVerifiers(database.kysely)
    const known = (kid: string | undefined) => {
      const key = schedule.keys.find((one) => one.kid === kid)
      return key && knownTo(verifiers, key, config, schedule.now)
    }
    return {
      json: {
        rotations: rotations.map(({ algorithm, outcome, kid, before, signsFrom, earliest }) => ({
          alg: algorithm,
          outcome,
          kid: kid ?? null,
          before: isoOrNull(before),
          signs_from: isoOrNull(signsFrom),
          earliest: earliest ? { at: iso(earliest.at), ...sumJson(earliest) } : null,
          verifiers: known(kid) ?? [],
        })),
      },
      text: rotations
        .map((one) => rotationText(one, schedule.now))
        .map((text, place) => {
          const families = known(rotations[place]?.kid)
          return families ? `${text}\n  Verifiers that have it: ${knownText(families)}` : text
        })
        .join('\n\n'),
      good: rotations.every(({ outcome }) => outcome !== 'no_next_key'),
    }
  })
}

function rotationText(rotation: HastenedRotation, now: number): string {
  const { algorithm, outcome, kid, before, signsFrom, earliest } = rotation
  if (signsFrom === undefined || earliest === undefined || before === undefined) {
    return `${algorithm} has no next key: start the service, which makes one in seconds if ${algorithm} is in use.`
  }
  const at = whenAndHowFar(signsFrom, now)
  if (outcome === 'unchanged') {
    return signsFrom <= now
      ? `${algorithm}: ${kid} is due since ${at}. Nothing was changed.`
      : `${algorithm}: ${kid} signs from ${at} on as it is. Nothing was changed.`
  }
  return `${algorithm}: ${kid} signs from ${at} on, and not from ${when(before)}.
  Not earlier: ${sum(earliest)}`
}
