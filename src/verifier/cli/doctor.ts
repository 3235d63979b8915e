import { examine } from '../doctor/examine.ts'
import { asCommandOptions, asUsage } from './option-names.ts'
import { EXIT, type Outcome } from './outcome.ts'
import type { Surroundings } from './surroundings.ts'
import { readKeyFile, type TokenOptions, termsOf } from './token-options.ts'
import { describeDiagnosis, summarise } from './words.ts'

/** Whom the doctor looks at; see the options of the command line. */
export interface DoctorRequest extends TokenOptions {
  readonly issuer: string
  readonly audience: string
  readonly strict?: boolean | undefined
}

/** Looks at the issuer as one of its verifiers sees it, and at a token if there is one. */
export async function doctor(
  token: string | undefined,
  asked: DoctorRequest,
  { fetch, clock, readFile }: Pick<Surroundings, 'fetch' | 'clock' | 'readFile'>,
): Promise<Outcome> {
  const { issuer, audience, jwksUri, strict = false } = asked
  const jwks = await readKeyFile(asked, { readFile })
  const { good, reachable, diagnoses } = await asUsage(() =>
    examine({ issuer, audience, jwksUri, token, jwks, terms: termsOf(asked), fetch, clock }),
  )
  const isWell = good && !(strict && diagnoses.some(({ verdict }) => verdict === 'warning'))
  const told = diagnoses.map(({ remedy, ...diagnosis }) =>
    remedy === undefined ? diagnosis : { ...diagnosis, remedy: asCommandOptions(remedy) },
  )
  return {
    json: { good: isWell, reachable, diagnoses: told },
    text: `${told.map(describeDiagnosis).join('\n')}\n\n${summarise(told)}`,
    exitCode: !reachable ? EXIT.unavailable : isWell ? EXIT.ok : EXIT.no,
  }
}
