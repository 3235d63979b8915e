import type { LightMyRequestResponse } from 'fastify'
import type { TestClient, TestService } from './service.ts'

/** A login as a test tries it. */
export interface Try {
  client: TestClient
  username: string
  password?: string
  /** Where it comes from. */
  address?: string
  headers?: Record<string, string>
}

export const WRONG = 'not the password'

/** POSTs a form from an address. */
export function postFrom(
  service: TestService,
  address: string,
  path: string,
  form: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<LightMyRequestResponse> {
  return service.inject({
    method: 'POST',
    url: path,
    remoteAddress: address,
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    payload: new URLSearchParams(form).toString(),
  })
}

/** Tries to log in by a public client; with a wrong password unless one is given. */
export function tryLogin(service: TestService, attempt: Try): Promise<LightMyRequestResponse> {
  const { client, username, password = WRONG, address = '192.0.2.1', headers } = attempt
  const form = { grant_type: 'password', client_id: client.clientId, username, password }
  return postFrom(service, address, '/token', form, headers)
}

/** Asks so often, one after the other, and returns the statuses. */
export async function statusesOf(
  times: number,
  ask: (time: number) => Promise<{ statusCode: number }>,
): Promise<number[]> {
  const statuses: number[] = []
  for (let time = 0; time < times; time += 1) statuses.push((await ask(time)).statusCode)
  return statuses
}

/** Begins so many at once. */
export function attempts<T>(count: number, begin: () => Promise<T>): Promise<T>[] {
  return Array.from({ length: count }, begin)
}

/** An array of that value, so often. */
export function times<T>(count: number, value: T): T[] {
  return Array.from({ length: count }, () => value)
}
