import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import type { SecretSource } from './source.ts'

/** A start waits no longer for a command, in milliseconds. */
const PATIENCE = 10_000

/** In bytes: a list of all 255 master keys has 12,500. */
const MOST = 65_536

/** In characters: what is shown of what a failed command said. */
const TAIL = 200

/**
 * `<NAME>_COMMAND` is a line for `/bin/sh` that prints it, for those who keep it in a vault or have it
 * decrypted by a KMS. It gets our own variables, and no input. What it prints is never shown.
 */
export const fromCommand: SecretSource = {
  suffix: '_COMMAND',
  read(line, env) {
    const ended = spawnSync('/bin/sh', ['-c', line], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      encoding: 'utf8',
      timeout: PATIENCE,
      maxBuffer: MOST,
      killSignal: 'SIGKILL',
    })
    const fault = faultOf(ended)
    return fault === undefined
      ? { value: ended.stdout }
      : { problem: `${fault}; run it by hand as the user that the service runs as` }
  },
}

function faultOf(ended: SpawnSyncReturns<string>): string | undefined {
  const { error, status, signal, stderr } = ended
  const { code } = (error ?? {}) as NodeJS.ErrnoException
  if (code === 'ETIMEDOUT') return `the command took longer than ${PATIENCE / 1000} s`
  if (code === 'ENOBUFS') return `the command printed more than ${MOST} bytes`
  if (error !== undefined) return `the command could not be started (${code})`
  if (status === 0) return undefined
  const how = signal === null ? `ended with exit code ${status}` : `was ended by ${signal}`
  const said = lastWords(stderr)
  return `the command ${how}${said === '' ? ' and said nothing' : `, saying "${said}"`}`
}

/** A word that cannot be a secret or hold one: short, or without digits and shorter than a key. */
const HARMLESS = /^([^\s@\p{C}]{1,11}|[\p{L}.,:;'"()/_-]{1,32})$/u

/** The last line of a text, without the words that may be secret: a shell's `-x` repeats them. */
function lastWords(text: string): string {
  const words = text.trim().split('\n').at(-1)?.split(/\s+/) ?? []
  return words
    .filter((word) => word !== '')
    .map((word) => (HARMLESS.test(word) ? word : '…'))
    .join(' ')
    .slice(-TAIL)
}
