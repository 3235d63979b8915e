import type { RecordedEvent } from '../audit/read/store.ts'
import type { Clock } from '../base/clock.ts'
import { instantOfUuidV7, isUuid } from '../base/encoding.ts'
import { inWords, when } from '../base/times.ts'
import type { Executor } from '../db/connect.ts'
import { type Identified, identify } from './identify.ts'
import type { SessionStory } from './session-story.ts'
import { type Told, tellEvent } from './tell-event.ts'
import { tellSession } from './tell-session.ts'
import { fromWhere, plain } from './words.ts'

/** What an identifier led to. */
export interface SessionExplanation {
  readonly kind: Identified['kind']
  /** What the identifier is or, when it leads nowhere, what may have become of it. */
  readonly sentences: readonly string[]
  /** Of a request: what it wrote down, the oldest first. */
  readonly request: readonly Told[]
  readonly stories: readonly SessionStory[]
  /** How many sessions more the request was about. */
  readonly more: number
}

/**
 * Tells what happened to the session of a `sid`, of the `jti` of one of its access tokens or of a
 * request's id. Throws DatabaseUnavailable.
 */
export type ExplainSession = (identifier: string) => Promise<SessionExplanation>

export function createExplainSession(options: {
  db: Executor
  clock: Clock
  issuer: string
}): ExplainSession {
  const { db, clock, issuer } = options
  return async (identifier) => {
    const now = clock.now()
    const identified = await identify(db, identifier, now)
    const { kind, sessions, events, more } = identified
    return {
      kind,
      sentences: introduce(identifier, identified, now).map(plain),
      request: events.map(tellEvent),
      stories: sessions.map((facts) => tellSession(facts, issuer, now)),
      more,
    }
  }
}

function introduce(
  identifier: string,
  { kind, sessions, more, revocation }: Identified,
  now: number,
): string[] {
  switch (kind) {
    case 'session':
      return []
    case 'access_token':
      return sessions.length > 0
        ? ['This is the jti of an access token of a session.']
        : ['This is the jti of an access token without a session.', tellRevocation(revocation)]
    case 'request': {
      const about = sessions.length === 0 ? ['It was about no session.'] : []
      const rest = more > 0 ? [`It was about ${more} sessions more than are told here.`] : []
      return ['This is the id of a request.', ...about, ...rest]
    }
    case 'unknown':
      return whatMayHaveBecome(identifier, now)
  }
}

function tellRevocation(event: RecordedEvent | undefined): string {
  if (event === undefined) return 'It was revoked; when and from where is not kept any more.'
  const { at, clientId, requestId } = event
  const request = requestId === undefined ? '' : `, in request ${requestId}`
  return `It was revoked on ${when(at)}, by client ${clientId}${fromWhere(event)}${request}.`
}

function whatMayHaveBecome(identifier: string, now: number): string[] {
  if (/^(mm_|eyJ)/.test(identifier)) {
    return [
      'This is a token, and not the id of anything: mintmark token inspect shows the sid and the jti of an access token. Take care where it has been copied to.',
    ]
  }
  return [
    'Nothing here has this id: no session, no access token of one, and no request that wrote anything down.',
    ...madeAt(identifier, now),
    'A session is kept for 30 days after its greatest age, and what happened to it for AUDIT_RETENTION.',
    'It may be of another deployment: compare the iss of the token with ISSUER here, and see that DATABASE_URL is the one of the service. And a database that was restored to an earlier point knows nothing of what came after that.',
    'If it is the id of a request: an ordinary refresh writes nothing down but a count in its session. Look for request_id in the log of the service; its line has the sid, which leads on from here.',
  ]
}

/** Our own ids tell when they were made. */
function madeAt(identifier: string, now: number): string[] {
  const at = isUuid(identifier) && identifier[14] === '7' ? instantOfUuidV7(identifier) : undefined
  if (at === undefined || at > now) return []
  return [`By its form it was made on ${when(at)}, ${inWords(Math.round((now - at) / 1000))} ago.`]
}
