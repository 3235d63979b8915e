import { type Reason, reasons } from '../oauth/reasons.ts'
import { ADMIN } from './admin.ts'
import { BEARER } from './bearer.ts'
import { BODIES } from './bodies.ts'
import { CLIENTS } from './clients.ts'
import { COOKIES } from './cookies.ts'
import { ENDS } from './ends.ts'
import type { Explanation } from './explanation.ts'
import { LIMITS } from './limits.ts'
import { LOGINS } from './logins.ts'
import { OUTAGES } from './outages.ts'
import { PATHS } from './paths.ts'
import { REFRESH } from './refresh.ts'
import { REQUESTS } from './requests.ts'
import { SCOPES } from './scopes.ts'

/** A group of errors, as the index lists them. */
export interface Topic {
  readonly title: string
  readonly explanations: Readonly<Record<string, Explanation>>
}

/** In the order in which somebody who looks for help is likely to need them. */
export const TOPICS: readonly Topic[] = [
  { title: 'The refresh token', explanations: REFRESH },
  { title: 'The end of a session', explanations: ENDS },
  { title: 'Logging in', explanations: LOGINS },
  { title: 'Client authentication and grants', explanations: CLIENTS },
  { title: 'Scope and audience', explanations: SCOPES },
  { title: 'Cookies and pages', explanations: COOKIES },
  { title: 'The access token as a credential', explanations: BEARER },
  { title: 'The admin API', explanations: ADMIN },
  { title: 'Too much', explanations: LIMITS },
  { title: 'Trouble of ours', explanations: OUTAGES },
  { title: 'Parameters and bodies', explanations: BODIES },
  { title: 'Paths and methods', explanations: PATHS },
  { title: 'The request itself', explanations: REQUESTS },
]

/** Every error that an answer can name: all reasons of the closed set, and the codes of problems. */
const EXPLANATIONS = {
  ...REFRESH,
  ...ENDS,
  ...LOGINS,
  ...CLIENTS,
  ...SCOPES,
  ...COOKIES,
  ...BEARER,
  ...ADMIN,
  ...LIMITS,
  ...OUTAGES,
  ...BODIES,
  ...PATHS,
  ...REQUESTS,
} satisfies Record<Reason, Explanation>

/** The code of an error that has a page: an error without one cannot be made. */
export type Code = keyof typeof EXPLANATIONS

/** What there is to know of an error; undefined when nothing here answers with that code. */
export function explain(code: string): Explanation | undefined {
  return Object.hasOwn(EXPLANATIONS, code) ? EXPLANATIONS[code as Code] : undefined
}

/** The HTTP status that an error goes out with and, of a reason, its RFC 6749 `error`. */
export function answerOf(code: string): { status?: number; error?: string } {
  if (Object.hasOwn(reasons, code)) {
    const [error, status] = reasons[code as Reason]
    return { status, error }
  }
  const { status } = explain(code) ?? {}
  return status === undefined ? {} : { status }
}
