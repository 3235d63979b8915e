import type { RecordedEvent } from '../audit/read/store.ts'
import { deviceLabel } from '../sessions/devices/label.ts'

/**
 * Makes one line of a text that may hold what callers have sent: it cannot steer a terminal, and
 * cannot look like a line of its own.
 */
export function plain(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '\uFFFD')
}

/** `1 session`, `2 sessions`. */
export function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

/** `Once`, `Twice`, `3 times`. */
export function times(number: number): string {
  return ['Never', 'Once', 'Twice'][number] ?? `${number} times`
}

/** `, from 203.0.113.9`; nothing when no address is known. */
export function fromAddress(address: string | undefined): string {
  return address === undefined ? '' : `, from ${address}`
}

/** `, on Firefox on Windows, from 203.0.113.9`: what an event's request came from, as far as known. */
export function fromWhere(event: Pick<RecordedEvent, 'address' | 'userAgent'>): string {
  const { userAgent, address } = event
  const known = userAgent === undefined ? undefined : deviceOf(userAgent)
  return `${known === undefined ? '' : `, on ${known}`}${fromAddress(address)}`
}

/** What a person calls what sent that user agent. */
export function deviceOf(userAgent: string | undefined): string {
  return deviceLabel({ userAgent, address: undefined, label: undefined })
}

/** Whoever did something, told to somebody who asks about `sub`. */
export function whoIs(by: string | undefined, sub: string | undefined): string {
  if (by === undefined) return 'somebody of whom no record is kept'
  if (by === 'operator') return 'an operator at the command line'
  if (by === 'mintmark') return 'Mintmark itself'
  return by === sub ? 'the user' : `client ${by}`
}

/** `, by an operator at the command line`; nothing when nobody is known. */
export function byWhom(by: string | undefined, sub: string | undefined): string {
  return by === undefined ? '' : `, by ${whoIs(by, sub)}`
}
