import { examine } from '../doctor/examine.ts'
import type { Arguments } from './arguments.ts'
import { EXIT, type Outcome } from './outcome.ts'
import type { Surroundings } from './surroundings.ts'
import { describeDiagnosis, summarise } from './words.ts'

/** Looks at the issuer as one of its verifiers sees it, and at a token if there is one. */
export async function doctor(
  token: string | undefined,
  { issuer, audience, jwksUri, strict }: Arguments,
  { fetch, clock }: Surroundings,
): Promise<Outcome> {
  const { good, reachable, diagnoses } = await examine({
    ...{ issuer, audience, jwksUri, token },
    ...{ fetch, clock },
  })
  const isWell = good && !(strict && diagnoses.some(({ verdict }) => verdict === 'warning'))
  return {
    json: { good: isWell, reachable, diagnoses },
    text: `${diagnoses.map(describeDiagnosis).join('\n')}\n\n${summarise(diagnoses)}`,
    exitCode: !reachable ? EXIT.unavailable : isWell ? EXIT.ok : EXIT.no,
  }
}
