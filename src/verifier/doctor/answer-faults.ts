import type { Answered, Unanswered } from './ask.ts'
import { bad, type Diagnosis, good, warning } from './diagnosis.ts'

/** Whether a URL answered at all: 5xx and 429 count as not, since nothing is known then. */
export function isAnswered(answer: Answered | Unanswered): answer is Answered {
  return !('failure' in answer) && answer.status < 500 && answer.status !== 429
}

/**
 * What is wrong with an answer before one looks at its contents; undefined when it is a 200 of the media
 * type. Verifiers follow no redirect: keys come from where they were said to be.
 */
export function faultOfAnswer(topic: string, answer: Answered | Unanswered): Diagnosis | undefined {
  const { url } = answer
  if ('failure' in answer) {
    return bad(
      topic,
      `${url} cannot be reached: ${answer.failure}`,
      'see that it runs, and that this host, its proxy and its resolver let you there',
    )
  }
  const { status, headers } = answer
  if (status >= 300 && status < 400) {
    const elsewhere = headers.get('location') ?? 'an address that it does not tell'
    return bad(
      topic,
      `${url} leads to ${elsewhere} (${status})`,
      'name the address where it really is: verifiers follow no redirect',
    )
  }
  if (status !== 200) {
    return bad(topic, `${url} answered ${status}`, remedyOf(status))
  }
  return undefined
}

function remedyOf(status: number): string {
  if (status === 404) return 'is this the issuer? Tokens say it in iss'
  if (status === 401 || status === 403) {
    return 'let everybody read it, as it holds nothing secret: something in front of it asks for credentials'
  }
  return 'see its log; verifiers go on with the keys that they have, and new ones answer 503'
}

/** Whether it came as what it is. */
export function examineMediaType(
  topic: string,
  { url, headers }: Answered,
  expected: readonly string[],
): Diagnosis[] {
  const said = headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? 'none'
  if (expected.includes(said)) return []
  const detail = `${url} comes as ${said}, not as ${expected[0]}`
  return [warning(topic, detail, 'something in between may have changed it: ask it directly')]
}

/** That it came, and how long it took. */
export function came(topic: string, { url, milliseconds }: Answered, more: string): Diagnosis {
  const took = `${Math.round(milliseconds)} ms`
  return milliseconds > SLOW_MS
    ? warning(topic, `${url} took ${took}${more}`, 'verifiers give up after 3 s and try twice more')
    : good(topic, `${url} in ${took}${more}`)
}

const SLOW_MS = 1_000
