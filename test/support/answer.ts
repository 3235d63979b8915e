import type { LightMyRequestResponse } from 'fastify'
import { query } from './database.ts'
import type { TestService } from './service.ts'

/** An answer in one line: `200`, or status, `error` and `reason` of an OAuth error. */
export function summary(answer: LightMyRequestResponse): string {
  if (answer.statusCode < 400) return `${answer.statusCode}`
  const { error, reason } = answer.json()
  return `${answer.statusCode} ${error} ${reason}`
}

/** The body of an answer without what is different every time. */
export function comparable(answer: LightMyRequestResponse): object {
  const { request_id, ...rest } = answer.json()
  return { ...rest, status: answer.statusCode, challenge: answer.headers['www-authenticate'] }
}

/** POSTs a body as it stands; a form unless `type` says otherwise. */
export function postRaw(
  service: TestService,
  path: string,
  payload: string | Buffer,
  type = 'application/x-www-form-urlencoded',
): Promise<LightMyRequestResponse> {
  return service.inject({ method: 'POST', url: path, headers: { 'content-type': type }, payload })
}

/** The claims of an access token, unverified. */
export function claimsOf(accessToken: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString('utf8'))
}

/** The events of a type; those of one instant in any order. */
export function readEvents(service: TestService, type: string) {
  return query(
    service.databaseUrl,
    'select sid, sub, client_id, detail from events where type = $1 order by id',
    [type],
  )
}

/** How many rows a table has. */
export async function countRows(service: TestService, table: string): Promise<number> {
  const [row] = await query(service.databaseUrl, `select count(*)::int as n from ${table}`)
  return row?.n as number
}
