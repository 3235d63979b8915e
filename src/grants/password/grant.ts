import type { Event } from '../../audit/event.ts'
import type { RecordEvents } from '../../audit/store.ts'
import type { Clock } from '../../base/clock.ts'
import { narrowAudience, narrowScope } from '../../clients/client.ts'
import type { Database } from '../../db/connect.ts'
import { OAuthError } from '../../oauth/error.ts'
import type { StartSession } from '../../sessions/start.ts'
import { requireSessionWithinBudget } from '../../tokens/budget.ts'
import type { Passwords } from '../../users/password.ts'
import { findUserByName } from '../../users/store.ts'
import { normaliseUsername } from '../../users/user.ts'
import { QueueFull } from '../../users/work-queue.ts'
import type { Grant, GrantRequest } from '../grant.ts'
import { type SessionLifetimes, sessionLifetimes } from '../lifetimes.ts'

/**
 * The user's name and password (RFC 6749 §4.3), for clients that are registered for it. Unknown
 * user, wrong password and disabled user get the same answer after the same work.
 */
export function createPasswordGrant(options: {
  database: Database
  clock: Clock
  passwords: Passwords
  startSession: StartSession
  recordEvents: RecordEvents
  issuer: string
  lifetimes: SessionLifetimes
}): Grant {
  const { database, clock, passwords, startSession, recordEvents } = options

  const logIn = async (request: GrantRequest) => {
    const { parameters, limits } = request
    const said = parameters.require('username')
    const username = normaliseUsername(said)
    const password = parameters.require('password')
    const known =
      username === undefined ? undefined : await findUserByName(database.kysely, username)
    const gate = limits.login({ username: username ?? said, sub: known?.user.sub })
    // Asked before the queue too: whoever is to be refused must not take the place of others there.
    await gate.pass()
    const matches = await verify(passwords, known?.passwordHash, password, gate)
    if (known !== undefined && matches) return { ...known, gate }
    const why = known === undefined ? 'user_unknown' : 'password_wrong'
    throw await fail(request, { sub: known?.user.sub, why })
  }

  /** Writes the failure down; the answer is one and the same. */
  const fail = async (
    { client: { clientId }, origin }: GrantRequest,
    failure: Pick<Extract<Event, { type: 'login.failed' }>, 'sub' | 'why'>,
  ) => {
    await recordEvents(database.kysely, origin, [{ type: 'login.failed', clientId, ...failure }])
    return new OAuthError('login_failed', 'the username or the password is wrong')
  }

  return {
    type: 'password',
    begin: () => async (request) => {
      const { client, parameters, origin } = request
      const allowed = client.audience.map(({ audience }) => audience)
      const scope = narrowScope(client.scope, parameters.get('scope'))
      const audience = narrowAudience(allowed, parameters.resources)
      const login = await logIn(request)
      const started = await startSession({
        clientId: client.clientId,
        sub: login.user.sub,
        scope,
        audience,
        roles: [],
        claims: {},
        authTime: clock.now(),
        amr: ['pwd'],
        acr: undefined,
        device: { userAgent: origin.userAgent, address: origin.address, label: undefined },
        ...sessionLifetimes(client, options.lifetimes),
        how: 'password',
        startedBy: client.clientId,
        passwordHash: login.passwordHash,
        origin,
        confirm: (session) =>
          requireSessionWithinBudget({ client, session, scope, audience }, options.issuer),
      })
      if (started.outcome !== 'started') {
        await login.gate.count()
        throw await fail(request, { sub: login.user.sub, why: started.outcome })
      }
      const { session, refreshToken } = started
      return { subject: { client, session, scope, audience }, refreshToken }
    },
  }
}

async function verify(...[passwords, ...login]: [Passwords, ...Parameters<Passwords['verify']>]) {
  try {
    return await passwords.verify(...login)
  } catch (error) {
    if (!(error instanceof QueueFull)) throw error
    throw new OAuthError('login_queue_full', 'too many logins at this moment; try again shortly')
  }
}
