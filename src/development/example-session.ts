import { noOrigin } from '../audit/event.ts'
import type { Gate } from '../base/gate.ts'
import type { TokenAnswer } from '../grants/answer.ts'
import type { StartBackendSession } from '../grants/start-session.ts'
import { basicOf, type Demo } from './demo.ts'

const open: Gate = { pass: async () => {}, count: async () => {} }

/** Nobody is held up by examples. */
export const NO_LIMITS = { login: () => open, refresh: () => open, client: () => open }

/** Starts a session at the demo client `web`, as the demo's backend would. */
export function startExampleSession(
  startBackendSession: StartBackendSession,
  demo: Demo,
  { sub, label }: { sub: string; label: string },
): Promise<TokenAnswer> {
  return startBackendSession({
    authorizationHeader: basicOf(demo, 'backend'),
    sub,
    clientId: 'web',
    scope: undefined,
    audience: [],
    roles: [],
    claims: {},
    amr: ['pwd'],
    acr: undefined,
    authTime: undefined,
    device: { label, userAgent: undefined, address: undefined },
    origin: noOrigin,
    limits: NO_LIMITS,
  })
}
