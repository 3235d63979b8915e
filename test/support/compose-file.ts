import { readFile } from 'node:fs/promises'
import { parse } from 'yaml'

const FILE = new URL('../../compose.yaml', import.meta.url)

type Environment = Record<string, string | undefined>

/** A service of compose.yaml, as far as the tests read it. */
export interface ComposeService {
  build?: string
  image?: string
  command?: string[]
  environment: Record<string, string>
  env_file?: { path: string; required: boolean }[]
  depends_on?: Record<string, { condition: string }>
  healthcheck?: { test?: string[]; disable?: boolean }
  ports?: string[]
  volumes?: string[]
  stop_grace_period?: string
  [more: string]: unknown
}

/** The text of compose.yaml, before variables are filled in. */
export const composeText = (): Promise<string> => readFile(FILE, 'utf8')

/** The services of compose.yaml with `env` filled in. Throws where Compose would refuse. */
export async function composeServices(env: Environment): Promise<Record<string, ComposeService>> {
  const fill = (_key: unknown, value: unknown) =>
    typeof value === 'string' ? fillIn(value, env) : value
  return parse(await composeText(), fill, { merge: true, strict: true }).services
}

/** `${NAME}`, `${NAME:-default}` and `${NAME:?what to do}`, which may stand in one another. */
function fillIn(text: string, env: Environment): string {
  const innermost = /\$\{(\w+)(?::([-?])([^${}]*))?\}/g
  const filled = text.replace(innermost, (_whole, name: string, sign?: string, rest = '') => {
    const value = env[name] || (sign === '-' ? rest : '')
    if (sign === '?' && value === '') throw new Error(`${name} is missing a value: ${rest}`)
    return value
  })
  return filled === text ? text : fillIn(filled, env)
}

/** The variables that a file such as .env sets. */
export function readVariables(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => line !== '')
  return Object.fromEntries(
    lines.map((line) => {
      const [, name = '', value = ''] = /^(\w+)=(.*)$/.exec(line) ?? []
      return [name, value]
    }),
  )
}
