import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'
import type { AccessTokenType } from '../../src/oauth/access-token-type.ts'
import { prepareKit, ToolchainMissing } from './verifier-kits.ts'
import type { Make } from './verifier-makes.ts'

/** A verifier of another maker: a process of its own with its own cache of the JWKS. */
export interface Verifier {
  readonly name: string
  /** Those that it can verify. */
  readonly algorithms: readonly string[]
  /** Undefined when the token is good, else why it was refused. */
  verify(token: string): Promise<string | undefined>
  judge(token: string): Promise<Verdict>
}

/** What a verifier makes of a token: the claims that it has read there, or why it refuses it. */
export type Verdict = { readonly claims: Record<string, unknown> } | { readonly refused: string }

/** What a verifier is told. */
export interface VerifierSettings {
  /** Where the verifier of that name fetches the keys. */
  readonly jwksUri: (name: string) => string
  readonly issuer: string
  readonly audience: string
  /** The one that is taken; the usual one if not given. */
  readonly typ?: AccessTokenType
  /** How long it may keep them. */
  readonly cacheSeconds: number
}

/**
 * Starts one of every make; ended with the test. Returns them, and of those whose toolchain is not on
 * this machine the name and why.
 */
export async function startVerifiers(
  t: Test,
  settings: VerifierSettings,
  makes: readonly Make[],
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
      const { jwksUri, issuer, audience, typ = 'at+jwt', cacheSeconds } = settings
      const told = [jwksUri(name), issuer, audience, typ, `${cacheSeconds}`]
      const manner = strict ? ['strict'] : []
      const judge = open(t, name, [...start(program), ...told, ...manner])
      const verify = async (token: string) => {
        const verdict = await judge(token)
        return 'refused' in verdict ? verdict.refused : undefined
      }
      verifiers.push({ name, algorithms, verify, judge })
    }
  }
  return { verifiers, skipped }
}

/** Starts the process; what is returned answers in the order in which it is asked. */
function open(t: Test, name: string, [command = '', ...args]: string[]): Verifier['judge'] {
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(command, args, { env: { PATH, HOME }, cwd: tmpdir() })
  const closed = once(child, 'close')
  const waiting: PromiseWithResolvers<Verdict>[] = []
  let end: Error | undefined
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text
  })
  createInterface({ input: child.stdout }).on('line', (line) => {
    waiting.shift()?.resolve(read(line))
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
    const answer = Promise.withResolvers<Verdict>()
    waiting.push(answer)
    child.stdin.write(`${token}\n`)
    return answer.promise
  }
}

/** A line is `ok` and the claims, or `error` and why. */
function read(line: string): Verdict {
  const [, refused] = /^error (.*)$/.exec(line) ?? []
  return refused === undefined ? { claims: JSON.parse(line.slice('ok '.length)) } : { refused }
}
