import { readFile } from 'node:fs/promises'
import { type Command, InvalidArgumentError } from 'commander'
import { systemClock } from '../base/clock.ts'
import { CommandFailure, EXIT } from './failure.ts'

/** What names an issuer that is asked over the network, as its verifiers ask it. */
export interface IssuerOptions {
  readonly issuer?: string
  readonly audience?: string
  readonly jwksUri?: string
  readonly jwksFile?: string
  readonly typ?: string
  /** In seconds, like the next. */
  readonly clockTolerance?: number
  readonly maxTokenLifetime?: number
}

/** Adds how the issuer's tokens are taken, and by which keys. */
export function addIssuerOptions(command: Command): Command {
  return command
    .option('--jwks-uri <url>', 'with --issuer: where its keys are, if it has another address here')
    .option('--jwks-file <file>', 'with --issuer: take the keys for the token from a file')
    .option('--typ <typ>', 'with --issuer: the typ of its tokens, if it is not at+jwt')
    .option(
      '--clock-tolerance <seconds>',
      'with --issuer: by how much clocks may differ, if not by 30 s',
      secondsOption,
    )
    .option(
      '--max-token-lifetime <seconds>',
      'with --issuer: the longest life of a token, if not 3600 s',
      secondsOption,
    )
}

/** For options that may be given once: commander would take the last and drop the others. */
export function onceOption(text: string, before: string | undefined): string {
  if (before === undefined) return text
  throw new InvalidArgumentError('was given twice: only one can be meant')
}

function secondsOption(text: string): number {
  if (/^\d+$/.test(text)) return Number(text)
  throw new InvalidArgumentError('must be a number of seconds')
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
  const option = `--${name.replace(/[A-Z]/g, '-$&').toLowerCase()}`
  throw new CommandFailure('usage', `${option} needs --issuer as well`, EXIT.usage)
}

/** What the package of the verifier uses of the process. */
export const surroundings = {
  fetch: globalThis.fetch,
  clock: () => systemClock.now(),
  readFile: (path: string) => readFile(path, 'utf8'),
}
