import { isAbsolute } from 'node:path'
import { InvalidArgumentError } from 'commander'
import { issuerUrl, wholeNumber } from '../config/readers.ts'
import { AUDIENCE_RULE, isAudience } from '../oauth/audience.ts'
import { reading } from './arguments.ts'

/** What stands for itself in every configuration language, quoted or not. */
const PLAIN = /^[A-Za-z0-9._~:/@+,=[\]-]+$/

function requirePlain(text: string): string {
  if (PLAIN.test(text)) return text
  throw new InvalidArgumentError(
    'holds a character that configurations read as their own: use letters, digits and . _ ~ : / @ + , = -',
  )
}

export const port = reading(wholeNumber(1, 65_535))

/** An audience (RFC 8707 §2) that can stand in any configuration. */
export function audienceText(text: string): string {
  if (!isAudience(text)) throw new InvalidArgumentError(AUDIENCE_RULE)
  return requirePlain(text)
}

/** An issuer, as ISSUER takes it, that can stand in any configuration. */
export const issuerText = (text: string) => requirePlain(reading(issuerUrl)(text))

/** An http or https address, with a path or none, without a slash at its end. */
export function address(text: string): string {
  const url = URL.parse(text)
  const isFine = url !== null && /^https?:$/.test(url.protocol) && !/[?#@]/.test(text)
  if (!isFine) throw new InvalidArgumentError('must be an address such as http://127.0.0.1:8080')
  return requirePlain(text.replace(/\/+$/, ''))
}

/** The same without a path: not every gateway can add one. */
export function origin(text: string): string {
  const read = address(text)
  if (new URL(read).pathname === '/') return read
  throw new InvalidArgumentError(
    'must have no path: the gateway passes on the one that was asked for',
  )
}

/** A path from the root. */
export function absolutePath(text: string): string {
  if (!isAbsolute(text)) throw new InvalidArgumentError('must be a path from the root')
  return requirePlain(text.replace(/\/+$/, ''))
}
