import { InvalidArgumentError } from 'commander'
import { systemClock } from '../base/clock.ts'
import { CommandFailure, EXIT } from './failure.ts'

/** What names an issuer that is asked over the network, as its verifiers ask it. */
export interface IssuerOptions {
  readonly issuer?: string
  readonly audience?: string
  readonly jwksUri?: string
}

/** A URL of http or https, as it was written: issuers are compared to the letter. */
export function urlOption(text: string): string {
  const isUrl = /^https?:\/\//i.test(text) && !/[?#\s]/.test(text) && URL.canParse(text)
  if (isUrl) return text
  throw new InvalidArgumentError('must be a URL such as https://auth.example, without ? and #')
}

/** Without an audience a token of anybody's would do. Throws CommandFailure. */
export function requireAudience(audience: string | undefined): string {
  if (audience !== undefined) return audience
  const message = '--issuer needs --audience as well: what the service is called in aud'
  throw new CommandFailure('usage', message, EXIT.usage)
}

/** Throws CommandFailure for an option that says something of an issuer that is not named. */
export function requireIssuerFor(options: Readonly<Record<string, unknown>>): void {
  const [name] = Object.keys(options).filter((one) => options[one] !== undefined)
  if (name === undefined) return
  throw new CommandFailure('usage', `--${name} needs --issuer as well`, EXIT.usage)
}

/** What the package of the verifier uses of the process. */
export const surroundings = {
  fetch: globalThis.fetch,
  clock: () => systemClock.now(),
  readFile: () => Promise.reject(new Error('no file is read')),
}
