import { type Arguments, HELP, readArguments } from './arguments.ts'
import { doctor } from './doctor.ts'
import { CommandFailure, EXIT, type Outcome } from './outcome.ts'
import { printable, printableJson } from './printable.ts'
import type { Surroundings } from './surroundings.ts'
import { verify } from './verify.ts'

/** What is written, and how the process ends. */
export interface Ran {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
}

/** Runs one command line to its end; never throws. @param words what follows the program's name */
export async function run(words: readonly string[], surroundings: Surroundings): Promise<Ran> {
  const isJson = words.includes('--json')
  try {
    const asked = readArguments(words)
    const { json, text, exitCode } = await answer(asked, surroundings)
    const stdout = isJson ? printableJson(json) : printable(text.trimEnd())
    return { stdout: `${stdout}\n`, stderr: '', exitCode }
  } catch (error) {
    const { code, message, exitCode } = toFailure(error)
    const said = isJson
      ? printableJson({ error: { code, message } })
      : `mintmark-verify: ${printable(message)}`
    return { stdout: '', stderr: `${said}\n`, exitCode }
  }
}

async function answer(asked: Arguments, surroundings: Surroundings): Promise<Outcome> {
  const { command } = asked
  if (command === 'help') return { text: HELP, json: { help: HELP }, exitCode: EXIT.ok }
  if (command === 'version') {
    const version = await surroundings.readVersion()
    return { text: version, json: { version }, exitCode: EXIT.ok }
  }
  const token = asked.token === '-' ? (await surroundings.readInput()).trim() : asked.token
  return command === 'doctor'
    ? doctor(token, asked, surroundings)
    : verify(token ?? '', asked, surroundings)
}

function toFailure(error: unknown): Pick<CommandFailure, 'code' | 'message' | 'exitCode'> {
  if (error instanceof CommandFailure) return error
  const { message } = Object(error)
  return { code: 'failed', message: String(message), exitCode: EXIT.no }
}
