import type { Answered, Ask, Unanswered } from './ask.ts'
import { type Diagnosis, good, warning } from './diagnosis.ts'

/** Mintmark publishes a key for so long before it signs, if nothing else is configured; in seconds. */
const PUBLISHED_AHEAD = 86_400

/** Whether the keys can be kept, and for how long, by verifiers and whatever is in between (RFC 9111). */
export async function examineCaching(
  answer: Answered | Unanswered,
  ask: Ask,
): Promise<Diagnosis[]> {
  if ('failure' in answer || answer.status !== 200) return []
  const { headers } = answer
  return [
    examineLifetime(headers.get('cache-control') ?? ''),
    ...examineAge(headers),
    await examineTag(answer, ask),
  ]
}

function examineLifetime(said: string): Diagnosis {
  const maxAge = secondsOf(said)
  if (/\bno-store\b|\bno-cache\b|\bprivate\b/.test(said)) {
    const remedy =
      'let it be kept: verifiers ask again every minute, and shared caches never answer'
    return warning('cache', `the keys may not be kept (Cache-Control: ${said})`, remedy)
  }
  if (maxAge === undefined) {
    const remedy = 'let the keys say max-age; a verifier keeps them for ten minutes otherwise'
    return warning('cache', 'the keys do not say for how long they may be kept', remedy)
  }
  if (maxAge > PUBLISHED_AHEAD) {
    const remedy =
      'a new key may sign before verifiers know it: less than KEY_PUBLISH_AHEAD is asked for'
    return warning('cache', `the keys may be kept for ${maxAge} s, more than a day`, remedy)
  }
  return good('cache', `the keys may be kept for ${maxAge} s`)
}

/** RFC 9111 §5.1: how long a shared cache has had it. */
function examineAge(headers: Headers): Diagnosis[] {
  const age = Number(headers.get('age') ?? 0)
  const maxAge = secondsOf(headers.get('cache-control') ?? '') ?? 0
  if (!(age > 0)) return []
  if (age <= maxAge) return [good('cache', `a shared cache has had the keys for ${age} s`)]
  const remedy = 'let it ask again in time: a new key may be unknown to whoever asks it'
  return [warning('cache', `a shared cache answers with keys ${age} s old, of ${maxAge} s`, remedy)]
}

async function examineTag({ url, headers }: Answered, ask: Ask): Promise<Diagnosis> {
  const etag = headers.get('etag')
  const remedy = 'see what is in between: each verifier fetches all keys each time'
  if (etag === null) return warning('cache', 'the keys have no ETag', remedy)
  const again = await ask(url, { 'if-none-match': etag })
  if ('failure' in again) return warning('cache', `asked again: ${again.failure}`, remedy)
  return again.status === 304
    ? good('cache', 'asked again by ETag, it answers 304')
    : warning('cache', `asked again by ETag, it answers ${again.status} in place of 304`, remedy)
}

function secondsOf(cacheControl: string): number | undefined {
  const text = /(?:^|[\s,])max-age=(\d{1,10})\b/i.exec(cacheControl)?.[1]
  return text === undefined ? undefined : Number(text)
}
