import type { Reader, Reading } from '../readers.ts'
import { SECRET_SOURCES } from './all.ts'
import type { Environment } from './source.ts'

/** The variables that can give a secret: its own, and one for each source. */
export function namesOfSecret(name: string): string[] {
  return [name, ...SECRET_SOURCES.map(({ suffix }) => `${name}${suffix}`)]
}

/**
 * Reads the secret `name` by whichever of its variables is given. Of two, or of a source that has
 * nothing, it says so; the line break at the end of what a source has is no part of the secret.
 */
export function readSecret<T>(name: string, env: Environment, read: Reader<T>): Reading<T> {
  const given = namesOfSecret(name).filter((one) => env[one])
  if (given.length > 1) return { problem: `is set by ${given.join(' and by ')}: keep one` }
  const variable = given[0] ?? name
  const told = env[variable] ?? ''
  const source = SECRET_SOURCES.find(({ suffix }) => variable === `${name}${suffix}`)
  if (source === undefined) return read(told)
  const found = source.read(told, env)
  if ('problem' in found) return { problem: `cannot be read from ${variable}: ${found.problem}` }
  const text = found.value.replace(/[\r\n]+$/, '')
  if (text === '') return { problem: `cannot be read from ${variable}: there is nothing in it` }
  const reading = read(text)
  return 'value' in reading ? reading : { problem: `as ${variable} has it: ${reading.problem}` }
}
