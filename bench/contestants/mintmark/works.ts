import type { Work } from '../../load/work.ts'
import type { Accounts } from './accounts.ts'
import { CLIENT } from './accounts.ts'

const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' }

/** Refreshes, each with the token of the answer before. */
export function rotating(values: readonly string[]): Work {
  const body = `client_id=${CLIENT}&refresh_token={value}`
  return { method: 'POST', path: '/refresh', headers: FORM, body, values, next: 'refresh_token' }
}

/** Refreshes with the same tokens again and again. */
export function retrying(values: readonly string[]): Work {
  const { next: _, ...work } = rotating(values)
  return work
}

export function revoking(values: readonly string[]): Work {
  const body = `client_id=${CLIENT}&token={value}`
  return { method: 'POST', path: '/revoke', headers: FORM, body, values, once: true }
}

export function loggingIn({ usernames, password }: Accounts): Work {
  const secret = encodeURIComponent(password)
  const body = `grant_type=password&client_id=${CLIENT}&username={value}&password=${secret}`
  return { method: 'POST', path: '/token', headers: FORM, body, values: usernames }
}

export function askingForItself({ backend }: Accounts): Work {
  const headers = { ...FORM, Authorization: backend }
  return { method: 'POST', path: '/token', headers, body: 'grant_type=client_credentials' }
}

/** @param values access tokens */
export function introspecting({ orders }: Accounts, values: readonly string[]): Work {
  const headers = { ...FORM, Authorization: orders }
  return { method: 'POST', path: '/introspect', headers, body: 'token={value}', values }
}

export const READING_KEYS: Work = { method: 'GET', path: '/.well-known/jwks.json', headers: {} }
