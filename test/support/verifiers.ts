import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'
import { type Language, prepareKit, ToolchainMissing } from './verifier-kits.ts'

/** A verifier of another maker: a process of its own with its own cache of the JWKS. */
export interface Verifier {
  readonly name: string
  /** Those that it can verify. */
  readonly algorithms: readonly string[]
  /** Undefined when the token is good, else why it was refused. */
  verify(token: string): Promise<string | undefined>
}

/** What a verifier is told. */
export interface VerifierSettings {
  /** Where the verifier of that name fetches the keys. */
  readonly jwksUri: (name: string) => string
  readonly issuer: string
  readonly audience: string
  /** How long it may keep them. */
  readonly cacheSeconds: number
}

const ALL = ['ES256', 'RS256', 'PS256', 'EdDSA', 'ES384'] as const

interface Make {
  readonly name: string
  readonly language: Language
  readonly program: string
  readonly algorithms: readonly string[]
  /** Whether it is told to keep no key for longer than it should, which it does of itself. */
  readonly strict?: boolean
}

/** Each as its makers have set it up, apart from how long it keeps the keys. */
export const MAKES: readonly Make[] = [
  { name: 'jose', language: 'node', program: 'jose.js', algorithms: ALL },
  {
    name: 'jsonwebtoken+jwks-rsa',
    language: 'node',
    program: 'jsonwebtoken.js',
    algorithms: ALL.filter((algorithm) => algorithm !== 'EdDSA'),
  },
  { name: 'fast-jwt+get-jwks', language: 'node', program: 'fast-jwt.js', algorithms: ALL },
  { name: 'PyJWT', language: 'python', program: 'verifier.py', algorithms: ALL },
  { name: 'jwx', language: 'go', program: 'jwx', algorithms: ALL },
  { name: 'go-oidc', language: 'go', program: 'go-oidc', algorithms: ALL },
]

/** Those that go on using a key after its time, told not to. */
export const STRICT_MAKES: readonly Make[] = MAKES.filter(({ name }) =>
  ['fast-jwt+get-jwks', 'go-oidc'].includes(name),
).map((make) => ({ ...make, name: `${make.name}, strict`, strict: true }))

/**
 * Starts one of every make; ended with the test. Returns them, and of those whose toolchain is not on
 * this machine the name and why.
 */
export async function startVerifiers(
  t: Test,
  settings: VerifierSettings,
  makes = MAKES,
): Promise<{ verifiers: Verifier[]; skipped: string[] }> {
  const verifiers: Verifier[] = []
  const skipped: string[] = []
  for (const [language, some] of Map.groupBy(makes, (make) => make.language)) {
    const start = await prepareKit[language](t).catch((error: unknown) => {
      if (error instanceof ToolchainMissing) return error
      throw error
    })
    for (const { name, program, algorithms, strict } of some) {
      if (start instanceof ToolchainMissing) {
        skipped.push(`${name} (${start.message})`)
        continue
      }
      const told = [settings.jwksUri(name), settings.issuer, settings.audience]
      const manner = [`${settings.cacheSeconds}`, ...(strict ? ['strict'] : [])]
      const verify = open(t, name, [...start(program), ...told, ...manner])
      verifiers.push({ name, algorithms, verify })
    }
  }
  return { verifiers, skipped }
}

/** Starts the process; what is returned answers in the order in which it is asked. */
function open(t: Test, name: string, [command = '', ...args]: string[]): Verifier['verify'] {
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(command, args, { env: { PATH, HOME }, cwd: tmpdir() })
  const closed = once(child, 'close')
  const waiting: PromiseWithResolvers<string | undefined>[] = []
  let end: Error | undefined
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text
  })
  createInterface({ input: child.stdout }).on('line', (line) => {
    waiting.shift()?.resolve(line === 'ok' ? undefined : line.replace(/^error /, ''))
  })
  child.stdin.on('error', () => {})
  child.once('close', (code, signal) => {
    end = new Error(`the verifier ${name} ended (${code ?? signal}): ${complaint}`)
    for (const one of waiting) one.reject(end)
  })
  t.teardown(async () => {
    child.kill('SIGKILL')
    await closed
  })
  return (token) => {
    if (end !== undefined) return Promise.reject(end)
    const answer = Promise.withResolvers<string | undefined>()
    waiting.push(answer)
    child.stdin.write(`${token}\n`)
    return answer.promise
  }
}
