import type { PublishedKey } from '../gateways/settings.ts'
import { CommandFailure } from './failure.ts'

/** A service that is there answers at once. In milliseconds. */
const PATIENCE = 5_000

/**
 * The keys of an algorithm that a running service publishes. Throws CommandFailure when it cannot be
 * asked, or publishes none.
 * @param service its address, without a slash at its end
 */
export async function fetchPublishedKeys(
  service: string,
  algorithm: string,
): Promise<PublishedKey[]> {
  const text = await read(`${service}/.well-known/jwks.json`)
  const { keys } = JSON.parse(text) as { keys: { kid: string; alg: string }[] }
  const wanted = keys.filter(({ alg }) => alg === algorithm)
  if (wanted.length === 0) {
    throw new CommandFailure('no_keys', `${service} publishes no ${algorithm} key: see --alg`)
  }
  return Promise.all(
    wanted.map(async ({ kid }) => ({
      kid,
      pem: await read(`${service}/.well-known/keys/${kid}.pem`),
    })),
  )
}

async function read(url: string): Promise<string> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(PATIENCE) })
    if (answer.ok) return await answer.text()
    throw new Error(`it answered ${answer.status}`)
  } catch (error) {
    const { message, cause } = error as Error
    const why = cause instanceof Error ? cause.message : message
    throw new CommandFailure(
      'service_unreachable',
      `the keys cannot be had from ${url} (${why}): see that the service runs, or say where by --service`,
    )
  }
}
