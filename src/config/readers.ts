import { isIP } from 'node:net'
import { formatDuration, parseDuration } from '../base/duration.ts'

/** What became of a variable's text: its value, or what is wrong with it. */
export type Reading<T> = { readonly value: T } | { readonly problem: string }

/**
 * Turns a variable's text into its value. A problem never repeats text that could not be read: it
 * may be a secret given to the wrong variable. Only numbers that were understood are shown.
 */
export type Reader<T> = (text: string) => Reading<T>

/** Reads a whole number from `minimum` to `maximum`, written in plain digits. */
export function wholeNumber(minimum: number, maximum: number): Reader<number> {
  const expected = `must be a whole number from ${minimum} to ${maximum}`
  return (text) => {
    if (!/^(0|[1-9][0-9]{0,14})$/.test(text)) return { problem: expected }
    const value = Number(text)
    return value < minimum || value > maximum ? { problem: `${expected}, not ${value}` } : { value }
  }
}

/** Reads a port, or `off` for none. */
export const portOrOff: Reader<number | 'off'> = (text) => {
  if (text === 'off') return { value: text }
  const read = wholeNumber(1, 65_535)(text)
  return 'value' in read ? read : { problem: `${read.problem}, or off` }
}

/** Reads a duration such as `10m` into seconds; `shortest` and `longest` are durations as well. */
export function duration(shortest: string, longest: string): Reader<number> {
  const minimum = parseDuration(shortest) ?? 0
  const maximum = parseDuration(longest) ?? 0
  const expected = `must be a duration from ${shortest} to ${longest}`
  return (text) => {
    const value = parseDuration(text)
    if (value === undefined) {
      return { problem: `${expected}, a whole number and its unit: s, m, h or d` }
    }
    return value < minimum || value > maximum
      ? { problem: `${expected}, not ${formatDuration(value)}` }
      : { value }
  }
}

/** Reads one of the given words, in exactly this spelling. */
export function oneOf<const T extends string>(...words: readonly T[]): Reader<T> {
  return (text) => {
    const value = words.find((word) => word === text)
    return value === undefined ? { problem: `must be one of ${words.join(', ')}` } : { value }
  }
}

/** Reads a comma-separated list of some of the given words, each once, in the order that it is given. */
export function listOf<const T extends string>(...words: readonly T[]): Reader<readonly T[]> {
  return (text) => {
    const given = text.split(',').map((word) => word.trim())
    const value = given.flatMap((one) => words.filter((word) => word === one))
    return value.length < given.length || new Set(value).size < value.length
      ? { problem: `must be a comma-separated list of ${words.join(', ')}, each at most once` }
      : { value: Object.freeze(value) }
  }
}

/** Reads a secret of the operator's own making that has at least so many characters. */
export function atLeast(characters: number): Reader<string> {
  return (text) =>
    text.length < characters
      ? { problem: `must have at least ${characters} characters` }
      : { value: text }
}

/** Reads exactly `true` or `false`: a guess at `yes` or `0` could switch the wrong thing on. */
export const trueOrFalse: Reader<boolean> = (text) =>
  text === 'true' || text === 'false'
    ? { value: text === 'true' }
    : { problem: 'must be true or false' }

/** Reads the name or address that the server listens on. */
export const host: Reader<string> = (text) =>
  isIP(text) !== 0 || /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(text)
    ? { value: text }
    : { problem: 'must be a host name or an IP address, without scheme, port or brackets' }

/** Reads the address of one Postgres server; its password stays out of every problem. */
export const postgresUrl: Reader<string> = (text) => {
  if (!/^postgres(ql)?:\/\//.test(text)) {
    return { problem: 'must start with postgres:// or postgresql://' }
  }
  if (!URL.canParse(text)) {
    return { problem: 'is not a URL; percent-encode special characters in the password' }
  }
  if (new URL(text).host.includes(',')) return { problem: 'must name one host, not several' }
  return { value: text }
}

/** One Redis server, and which of its databases. */
export interface RedisAddress {
  readonly host: string
  readonly port: number
  readonly username: string | undefined
  readonly password: string | undefined
  readonly database: number
  readonly tls: boolean
}

/**
 * Reads the address of one Redis server; its password stays out of every problem. A query is refused:
 * clients take it for settings of their own, which would stand before ours.
 */
export const redisUrl: Reader<RedisAddress> = (text) => {
  if (!/^rediss?:\/\/[^/]/.test(text) || !URL.canParse(text)) {
    return { problem: 'must be a redis:// or rediss:// URL; percent-encode the password in it' }
  }
  const url = new URL(text)
  if (url.search !== '' || url.hash !== '') return { problem: 'must not have a query or fragment' }
  if (!/^\/?$|^\/\d{1,4}$/.test(url.pathname)) {
    return { problem: 'must end with the host, or with / and the number of a database' }
  }
  const [username, password] = [url.username, url.password].map(decode)
  if (username === undefined || password === undefined) {
    return { problem: 'holds a % in its user or password that must be written as %25' }
  }
  return {
    value: Object.freeze({
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: Number(url.port || 6379),
      username: username || undefined,
      password: password || undefined,
      database: Number(url.pathname.slice(1) || 0),
      tls: url.protocol === 'rediss:',
    }),
  }
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]']

/**
 * Reads an issuer identifier (RFC 8414 §2). Verifiers compare it character by character, so the one
 * spelling that every URL library would print is asked for.
 */
export const issuerUrl: Reader<string> = (text) => {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) {
    return { problem: 'must be an absolute https:// URL' }
  }
  const url = new URL(text)
  const faults: string[] = []
  if (url.protocol === 'http:' && !LOOPBACK.includes(url.hostname)) {
    faults.push('must use https:// (http:// is for localhost, 127.0.0.1 and [::1])')
  }
  if (url.username !== '' || url.password !== '') faults.push('must not have a user or password')
  if (text.includes('?')) faults.push('must not have a query')
  if (text.includes('#')) faults.push('must not have a fragment')
  if (text.endsWith('/')) faults.push('must not end with a slash: drop it')
  if (faults.length === 0 && url.href !== text && url.href !== `${text}/`) {
    faults.push(`must be written in its normal form, ${url.href.replace(/\/$/, '')}`)
  }
  return faults.length === 0 ? { value: text } : { problem: faults.join('; ') }
}
