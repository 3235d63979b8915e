import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import type { SecretSource } from './source.ts'

/** A start waits no longer for a command, in milliseconds. */
const PATIENCE = 10_000

/** In bytes: a list of all 255 master keys has 12,500. */
const MOST = 65_536

/**
 * `<NAME>_COMMAND` is a line for `/bin/sh` that prints it, for those who keep it in a vault or have it
 * decrypted by a KMS. It gets our own variables, and no input. What it prints is never shown, on standard
 * error either: no rule tells a passphrase from a reason.
 */
export const fromCommand: SecretSource = {
  suffix: '_COMMAND',
  read(line, env) {
    const ended = spawnSync('/bin/sh', ['-c', line], {
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
      encoding: 'utf8',
      timeout: PATIENCE,
      maxBuffer: MOST,
      killSignal: 'SIGKILL',
    })
    const fault = faultOf(ended)
    return fault === undefined
      ? { value: ended.stdout }
      : { problem: `${fault}; run it by hand, as the user that the service runs as, to see why` }
  },
}

function faultOf(ended: SpawnSyncReturns<string>): string | undefined {
  const { error, status, signal } = ended
  const { code } = (error ?? {}) as NodeJS.ErrnoException
  if (code === 'ETIMEDOUT') return `the command took longer than ${PATIENCE / 1000} s`
  if (code === 'ENOBUFS') return `the command printed more than ${MOST} bytes`
  if (error !== undefined) return `the command could not be started (${code})`
  if (status === 0) return undefined
  return signal === null
    ? `the command ended with exit code ${status}`
    : `the command was ended by ${signal}`
}
