import { BROWSER_MAP, getParser } from 'bowser'
import type { Device } from '../session.ts'

type Parser = ReturnType<typeof getParser>

const UNKNOWN = 'Unknown device'

/** As much of a user agent as is read, and of a name in it as is shown; both in characters. */
const AGENT_LIMIT = 512
const NAME_LIMIT = 40

/** For an agent that it does not know, the parser returns some words of it. */
const BROWSERS = new Set(Object.values(BROWSER_MAP))

/** What a person calls a program that calls itself, or that the parser calls, by another name. */
const FAMILIAR = new Map([
  ['Android Browser', 'Browser'],
  ['Microsoft Edge', 'Edge'],
  ['Miui', 'Mi Browser'],
  ['Samsung Internet for Android', 'Samsung Internet'],
  ['Dalvik', 'App'],
  ['node', 'Node.js'],
  ['node-fetch', 'Node.js'],
  ['undici', 'Node.js'],
])

/** Where a native app runs, which the parser of browsers does not tell. */
const NATIVE: readonly (readonly [pattern: RegExp, system: string])[] = [
  [/\biOS\b/, 'iOS'],
  [/\bmacOS\b/, 'macOS'],
  [/\bCFNetwork\/[^(]*\(x86_64\)/, 'macOS'],
  [/\bCFNetwork\//, 'iOS'],
]

/** What stands behind the version of Android and is no model: Chrome hides it behind a `K`. */
const NO_MODEL = /^(K|U|wv|Mobile|Tablet|rv:.*|[a-z]{2}([-_][a-z]{2})?|HarmonyOS)?$/i

/**
 * What a person calls the device that a session runs on: the label that a backend gave it, else
 * what its user agent tells, such as `Firefox on Windows`, `Safari on iPhone`, `Chrome on Android
 * (Pixel 8)`, `MyApp on iOS` or `curl`, else `Unknown device`. Never blank. What is made of a user
 * agent has 100 characters at most, and no control characters or markup; it holds no versions, so
 * it stays the same when a browser updates itself. Never fails. It is computed when it is read and
 * never stored, so that a better parser mends old rows. Nobody is bound to send the truth
 * (RFC 9110 section 10.1.5): good for telling devices apart, and for no decision.
 */
export function deviceLabel({ label, userAgent = '' }: Device): string {
  if (label !== undefined && /[\p{L}\p{N}\p{P}\p{S}]/u.test(label)) return label.trim()
  const agent = userAgent.slice(0, AGENT_LIMIT).trim()
  if (agent === '') return UNKNOWN
  const parser = getParser(agent, true)
  const program = /^(Mozilla|Opera)\//.test(agent) ? browserOf(agent, parser) : productOf(agent)
  const system = systemOf(agent, parser)
  if (system === undefined) return program ?? UNKNOWN
  return `${program ?? 'Unknown program'} on ${system}`
}

function browserOf(agent: string, parser: Parser): string | undefined {
  const name = parser.getBrowserName()
  if (name === BROWSER_MAP.electron) {
    // An application made of a browser has its own name before that one's.
    const [, application] = /\(KHTML, like Gecko\) ([^\s/]+)\/\S+ Chrome\//.exec(agent) ?? []
    return readable(application ?? name)
  }
  return FAMILIAR.get(name) ?? (BROWSERS.has(name) ? name : undefined)
}

/** The first product of the user agent (RFC 9110 section 10.1.5), without its version. */
function productOf(agent: string): string | undefined {
  const [product = ''] = agent.split(/[/(;,]/, 1)
  const name = readable(decode(product))
  return name && (FAMILIAR.get(name) ?? name)
}

function systemOf(agent: string, parser: Parser): string | undefined {
  const system = parser.getOSName()
  if (system === '') return NATIVE.find(([pattern]) => pattern.test(agent))?.[1]
  if (system === 'iOS') return readable(parser.getPlatform().model ?? system)
  const model = system === 'Android' ? modelOf(agent) : undefined
  return model === undefined ? system : `${system} (${model})`
}

/** From `(Linux; Android 14; Pixel 8 Build/UD1A)`. */
function modelOf(agent: string): string | undefined {
  const [, comment = ''] = /\(([^()]*)\)/.exec(agent) ?? []
  const parts = comment.split(';').map((part) => part.trim())
  const version = parts.findIndex((part) => /^Android\b/i.test(part))
  const candidates = parts.slice(version + 1).map((part) => part.replace(/\s*\bBuild\/.*$/, ''))
  const model = candidates.find((part) => !NO_MODEL.test(part))
  return model && readable(model)
}

/** Apple's systems escape the name of an app like a URL. */
function decode(product: string): string {
  try {
    return decodeURIComponent(product)
  } catch {
    return product
  }
}

/** The text as the name of something: of letters, digits and few signs, and no longer than one. */
function readable(text: string): string | undefined {
  const plain = text.replace(/[^\p{L}\p{M}\p{N} .+_-]/gu, '').trim()
  return [...plain].slice(0, NAME_LIMIT).join('').trim() || undefined
}
