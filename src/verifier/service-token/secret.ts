import type { ServiceTokenFailure } from './error.ts'
import { within } from './within.ts'

/**
 * The client's secret as it is now, or why there is none. Never throws.
 * @param timeout in milliseconds, for the function that gives it
 */
export async function readSecret(
  given: string | (() => string | Promise<string>),
  timeout: number,
): Promise<string | ServiceTokenFailure> {
  if (typeof given === 'string') return given
  try {
    const secret: unknown = await within(Promise.resolve(given()), timeout, LATE)
    if (secret === LATE) return unavailable(`gave none within ${timeout} ms`)
    return typeof secret === 'string' && secret !== '' ? secret : unavailable('gave none')
  } catch (cause) {
    return { ...unavailable('threw'), cause }
  }
}

const LATE = Symbol('late')

function unavailable(what: string): ServiceTokenFailure {
  const message = `the client's secret could not be had: the function clientSecret ${what}`
  return { code: 'secret_unavailable', message }
}
