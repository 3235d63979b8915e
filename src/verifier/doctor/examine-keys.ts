import type { JWK } from 'jose'
import { acceptKeys } from '../keys/fetch-keys.ts'
import { ALGORITHMS } from '../terms.ts'
import { came, examineMediaType, faultOfAnswer } from './answer-faults.ts'
import type { Answered, Unanswered } from './ask.ts'
import { bad, type Diagnosis, good, warning } from './diagnosis.ts'
import { whatLeaks, whyRefused } from './key-faults.ts'

/** The keys of an answer, whatever they are worth; undefined when it holds no JWK set (RFC 7517 §5). */
export function readJwks(answer: Answered | Unanswered): readonly JWK[] | undefined {
  if ('failure' in answer || answer.status !== 200) return undefined
  try {
    const { keys } = JSON.parse(answer.body ?? '')
    const isList = Array.isArray(keys)
    return isList ? keys.filter((key) => typeof key === 'object' && key !== null) : undefined
  } catch {
    return undefined
  }
}

/** Whether the keys are there, and a verifier can use them. */
export async function examineKeys(answer: Answered | Unanswered): Promise<Diagnosis[]> {
  const fault = faultOfAnswer('jwks', answer)
  if (fault !== undefined) return [fault]
  const answered = answer as Answered
  const jwks = readJwks(answered)
  if (jwks === undefined) {
    const remedy = 'is this the address of the keys? The metadata says it (jwks_uri)'
    return [bad('jwks', `${answered.url} is no JWK set`, remedy)]
  }
  const loaded = await acceptKeys(jwks, ALGORITHMS, new Map())
  return [
    came('jwks', answered, ''),
    ...examineMediaType('jwks', answered, ['application/json', 'application/jwk-set+json']),
    ...(loaded.size === 0 ? [NO_KEY] : examineNumbers([...loaded.values()])),
    ...jwks.filter((jwk) => !loaded.has(jwk.kid ?? '')).map((jwk) => refused(jwk, jwks)),
  ]
}

const NO_KEY = bad('keys', 'there is none to verify with', 'see mintmark keys status')

function refused(jwk: JWK, all: readonly JWK[]): Diagnosis {
  const leak = whatLeaks(jwk)
  const why = leak ?? whyRefused(jwk, all)
  const detail = `kid ${JSON.stringify(jwk.kid) ?? 'absent'} is not loaded: ${why}`
  return leak === undefined
    ? warning('keys', detail, 'tokens that it signed are refused; take it out, or put it right')
    : bad('keys', detail, 'revoke it: whoever has read it can sign tokens of this issuer')
}

/** With a second key for an algorithm a rotation goes by unseen: the next is there before it signs. */
function examineNumber(alg: string, count: number): Diagnosis {
  return count > 1
    ? good('keys', `${alg}: ${count} keys, so one beside the one that signs`)
    : warning(
        'keys',
        `${alg}: 1 key, no next one yet`,
        'publish the next one before it signs: until verifiers have it, its tokens are refused',
      )
}

function examineNumbers(keys: readonly { alg: string }[]): Diagnosis[] {
  const algorithms = [...new Set(keys.map(({ alg }) => alg))]
  return algorithms.map((alg) => examineNumber(alg, keys.filter((key) => key.alg === alg).length))
}
