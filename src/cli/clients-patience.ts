import { type Command, InvalidArgumentError, Option } from 'commander'
import type { SettingsChange } from '../clients/change.ts'
import { duration, wholeNumber } from '../config/readers.ts'
import { lifetime, reading } from './arguments.ts'

/** How long, how patiently and how often; `default` goes back to the configuration's. */
export interface PatienceOptions {
  accessTokenTtl?: number | 'default'
  sessionIdleTtl?: number | 'default'
  sessionMaxTtl?: number | 'default'
  refreshRetryWindow?: number | 'default'
  refreshRecoveryWindow?: number | 'default'
  refreshRecovery?: 'allow' | 'deny' | 'default'
  maxSessions?: number | 'default'
}

/** Adds the options of lifetimes, windows and the session limit to a command. */
export function addPatienceOptions(command: Command): Command {
  const window = (longest: string) => orDefault(reading(duration('0s', longest)))
  return command
    .option(
      '--access-token-ttl <duration>',
      'life of its access tokens, such as 10m',
      orDefault(lifetime),
    )
    .option(
      '--session-idle-ttl <duration>',
      'a session of it may stay unused so long',
      orDefault(lifetime),
    )
    .option('--session-max-ttl <duration>', 'a session of it may live so long', orDefault(lifetime))
    .option(
      '--refresh-retry-window <duration>',
      'a refresh token just replaced gets the same successor so long; 0s to 1h',
      window('1h'),
    )
    .option(
      '--refresh-recovery-window <duration>',
      'a lost answer can be recovered so long; 0s to 30d',
      window('30d'),
    )
    .addOption(
      new Option('--refresh-recovery <which>', 'allow, or deny: late retries are reuse').choices([
        'allow',
        'deny',
        'default',
      ]),
    )
    .option(
      '--max-sessions <n>',
      'sessions that one user may have at it; one more ends the oldest',
      orDefault(reading(wholeNumber(1, 10_000))),
    )
}

/** What was given of them, as a change of a client. */
export function patienceOf(options: PatienceOptions): SettingsChange {
  const { accessTokenTtl, sessionIdleTtl, sessionMaxTtl, maxSessions } = options
  const { refreshRetryWindow, refreshRecoveryWindow, refreshRecovery } = options
  return {
    lifetimes: given({
      accessTokenTtlSeconds: accessTokenTtl,
      sessionIdleTtlSeconds: sessionIdleTtl,
      sessionMaxTtlSeconds: sessionMaxTtl,
    }),
    refresh: given({
      retryWindowSeconds: refreshRetryWindow,
      recoveryWindowSeconds: refreshRecoveryWindow,
      recovery: refreshRecovery,
    }),
    ...given({ maxSessions }),
  }
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], 'default' | undefined> | undefined }

/** Without what was left out; what is to be the configuration's again is undefined. */
function given<T extends object>(values: T): Given<T> {
  return Object.fromEntries(
    Object.entries(values)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, value === 'default' ? undefined : value]),
  ) as Given<T>
}

function orDefault<T>(read: (text: string) => T): (text: string) => T | 'default' {
  return (text) => {
    if (text === 'default') return text
    try {
      return read(text)
    } catch (error) {
      if (!(error instanceof InvalidArgumentError)) throw error
      throw new InvalidArgumentError(`${error.message}; "default" is the configuration's`)
    }
  }
}
