import { describeDifference } from '../token/issuer-difference.ts'
import { came, examineMediaType, faultOfAnswer } from './answer-faults.ts'
import type { Answered, Unanswered } from './ask.ts'
import { bad, type Diagnosis, warning } from './diagnosis.ts'

/** What the metadata says, as far as it can be read (RFC 8414 §2). */
export interface Metadata {
  readonly issuer: unknown
  readonly jwksUri: string | undefined
}

export function readMetadata(answer: Answered | Unanswered): Metadata | undefined {
  if ('failure' in answer || answer.status !== 200) return undefined
  const value = parseObject(answer.body)
  if (value === undefined) return undefined
  const { issuer, jwks_uri: uri } = value
  return { issuer, jwksUri: typeof uri === 'string' && URL.canParse(uri) ? uri : undefined }
}

/** Whether the metadata is there, and is that of the issuer. */
export function examineMetadata(issuer: string, answer: Answered | Unanswered): Diagnosis[] {
  const fault = faultOfAnswer('metadata', answer)
  if (fault !== undefined) return [fault]
  const answered = answer as Answered
  const metadata = readMetadata(answered)
  if (metadata === undefined) {
    const remedy = 'is this the issuer? Tokens say it in iss'
    return [bad('metadata', `${answered.url} is no JSON object`, remedy)]
  }
  return [
    came('metadata', answered, ''),
    ...examineMediaType('metadata', answered, ['application/json']),
    ...examineName(issuer, metadata),
    ...examineJwksUri(issuer, metadata),
  ]
}

function examineName(given: string, { issuer }: Metadata): Diagnosis[] {
  if (issuer === given) return []
  if (typeof issuer !== 'string') {
    return [bad('issuer', 'the metadata names no issuer', 'is this a token service?')]
  }
  return [
    bad(
      'issuer',
      `it calls itself ${issuer}, and ${given} was given: ${describeDifference(given, issuer)}`,
      `give issuer as ${issuer}: tokens say it in iss, to the letter. If it has a second address for you, give that one as the address of the keys (jwksUri)`,
    ),
  ]
}

/** Verifiers that go by the metadata ask there, so it must be as safe as the issuer, and no other's. */
function examineJwksUri(issuer: string, { jwksUri }: Metadata): Diagnosis[] {
  if (jwksUri === undefined) {
    return [warning('metadata', 'it has no jwks_uri', 'give verifiers the address of the keys')]
  }
  const [own, keys] = [new URL(issuer), new URL(jwksUri)]
  if (own.protocol === 'https:' && keys.protocol !== 'https:') {
    const remedy = 'see ISSUER of the service: its addresses are made of it'
    return [bad('metadata', `its keys are at ${jwksUri}, without TLS`, remedy)]
  }
  if (own.host === keys.host) return []
  const remedy = 'see that this is meant'
  return [warning('metadata', `its keys are on another host: ${jwksUri}`, remedy)]
}

function parseObject(body: string | undefined): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body ?? '')
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
