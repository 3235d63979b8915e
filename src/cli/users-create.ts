import { systemRandom } from '../base/random.ts'
import { drawPassword, passwordProblem } from '../users/password.ts'
import type { Answer } from './answer.ts'
import { withDeployment } from './deployment.ts'
import { CommandFailure, EXIT } from './failure.ts'
import { operator } from './operator.ts'
import { readStandardInput } from './stdin.ts'
import { facts } from './table.ts'

/** A password, and whether it was drawn here and has to be told. */
export interface ChosenPassword {
  readonly password: string
  readonly told: { password?: string }
  readonly notes: readonly string[]
}

/** Reads the password from standard input, or draws one. Refuses what cannot be a password. */
export async function choosePassword(fromStdin: boolean | undefined): Promise<ChosenPassword> {
  if (!fromStdin) {
    const password = drawPassword(systemRandom)
    const notes = ['The password is shown this once; only its hash is kept.']
    return { password, told: { password }, notes }
  }
  const password = await readStandardInput('the password')
  const problem = passwordProblem(password)
  if (problem !== undefined) throw new CommandFailure('password_invalid', problem, EXIT.usage)
  return { password, told: {}, notes: [] }
}

/** Adds a user and tells the password, if it was drawn here. */
export async function createUser(
  name: string,
  options: { role: string[]; claims: Record<string, unknown>; passwordStdin?: boolean },
): Promise<Answer> {
  const { password, told, notes } = await choosePassword(options.passwordStdin)
  const { role: roles, claims } = options
  const { username, sub } = await withDeployment([], ({ registerUser }) =>
    registerUser({ username: name, password, roles, claims }, operator),
  )
  return {
    json: { username, sub, roles, claims, ...told },
    text: `Created user ${username}.\n\n${facts({ username, sub, ...told })}`,
    notes,
  }
}
