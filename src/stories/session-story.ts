import type { RecordedEvent } from '../audit/read/store.ts'
import type { Found } from '../sessions/store.ts'
import type { SessionEnd } from './session-end.ts'
import type { Told } from './tell-event.ts'

/** What is known of one session. */
export interface SessionFacts {
  readonly sid: string
  /** Undefined where its row is not kept any more: then the events are all there is. */
  readonly found: Found | undefined
  readonly sub: string | undefined
  /** Of a user that is kept here. */
  readonly username: string | undefined
  readonly clientId: string | undefined
  /** The oldest first: all that are kept, but of the retries only the last ones. */
  readonly events: readonly RecordedEvent[]
  /** Undefined while it lives. */
  readonly end: SessionEnd | undefined
}

/** The story of one session: its facts, and sentences made of them. */
export interface SessionStory extends SessionFacts {
  /** What became of it, in a few sentences. */
  readonly paragraphs: readonly (readonly string[])[]
  /** What happened to it beside ordinary refreshes, the oldest first. */
  readonly chronicle: readonly Told[]
  /** What somebody who supports the user may do. */
  readonly advice: readonly string[]
  /** The address of the page about its end. */
  readonly page: string | undefined
}
