import { examine } from '../doctor/examine.ts'
import { EXIT, type Outcome } from './outcome.ts'
import type { Surroundings } from './surroundings.ts'
import { describeDiagnosis, summarise } from './words.ts'

/** Whom the doctor looks at; see the options of the command line. */
export interface DoctorRequest {
  readonly issuer: string
  readonly audience: string
  readonly jwksUri?: string | undefined
  readonly strict?: boolean | undefined
}

/** Looks at the issuer as one of its verifiers sees it, and at a token if there is one. */
export async function doctor(
  token: string | undefined,
  { issuer, audience, jwksUri, strict = false }: DoctorRequest,
  { fetch, clock }: Pick<Surroundings, 'fetch' | 'clock'>,
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
