import { globSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import type { Answered } from '../support/caller.ts'
import { drill, rounds } from '../support/drills.ts'
import { type Fleet, startFleet } from '../support/fleet.ts'
import { until } from '../support/process.ts'

const [LIBRARY] = globSync('/usr/lib/*/faketime/libfaketime.so.1')

const SHIFTS = ['-90s', '+0s', '+90s']

/** In seconds. The clocks are further apart than any of these. */
const RETRY_WINDOW = 20
const ACCESS_TOKEN_TTL = 30
const IDLE_TTL = 120

const WINDOWS = {
  REFRESH_RETRY_WINDOW: `${RETRY_WINDOW}s`,
  // So that a retry that is held to be late is refused.
  REFRESH_RECOVERY: 'deny',
  ACCESS_TOKEN_TTL: `${ACCESS_TOKEN_TTL}s`,
  SESSION_IDLE_TTL: `${IDLE_TTL}s`,
}

/** So many sessions are refreshed at a time, so that each is done with well within its windows. */
const AT_ONCE = 6

/** Where a session begins, where it is refreshed, what becomes of it then, and where. */
interface Course {
  readonly begun: string
  readonly refreshed: string
  readonly end: 'used' | 'reused' | 'left'
  readonly at: string
}

/** A session that has been refreshed once. */
interface Refreshed extends Course {
  readonly predecessor: string
  readonly refreshToken: string
  readonly accessToken: string
}

drill(
  'clocks',
  'three instances whose hosts’ clocks are 90 s behind, right, and 90 s ahead',
  async (t) => {
    const fleet = await startFleet(t, { count: 0, env: WINDOWS })
    const instances: Awaited<ReturnType<typeof startAt>>[] = []
    for (const shift of SHIFTS) instances.push(await startAt(fleet, shift))
    const urls = instances.map(({ url }) => url)
    const judged = createJudgement()
    const courses = Array.from({ length: rounds(7) }, () => coursesOver(urls)).flat()
    const waiting = [...courses]
    const ends: Promise<void>[] = []
    const takeTurns = async () => {
      for (let course = waiting.pop(); course !== undefined; course = waiting.pop()) {
        const refreshed = await useAcross(fleet, judged, urls, course)
        // Each waits for itself, so that it makes no difference how long all of them take.
        ends.push(end(fleet, judged, refreshed))
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, takeTurns))
    await Promise.all(ends)

    t.strictSame(judged.wrong, [], 'nothing is judged by the clock of a host')
    const { accepted, refused, wrong } = judged
    return {
      sessions: courses.length,
      'offsets measured, ms': instances.map(({ offset }) => offset).join(', '),
      'accepted in time': accepted(),
      'refused when over': refused(),
      'wrong refusals or acceptances': wrong.length,
    }
  },
  LIBRARY === undefined ? 'libfaketime is not installed' : undefined,
)

/** Every course that a session can take over these instances. */
function coursesOver(urls: readonly string[]): Course[] {
  return urls.flatMap((begun) =>
    urls.flatMap((refreshed) =>
      urls.flatMap((at) =>
        (['used', 'reused', 'left'] as const).map((end) => ({ begun, refreshed, end, at })),
      ),
    ),
  )
}

/** Starts an instance whose host's clock is off by so much, and reads how far it says it is. */
async function startAt(fleet: Fleet, shift: string) {
  const service = await fleet.start({
    LD_PRELOAD: `${LIBRARY}`,
    FAKETIME: shift,
    // A clock that is set wrong runs no differently.
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  })
  const offset = await until(
    'the offset in the log',
    async () => /"offset_ms":(-?\d+)/.exec(service.stdout())?.[1],
  )
  return { url: service.url, offset: Number(offset) }
}

/**
 * Logs in at one instance and refreshes at another; then every instance is to take the new tokens at
 * once, and the old one as a retry.
 */
async function useAcross(
  fleet: Fleet,
  judged: Judgement,
  urls: readonly string[],
  course: Course,
): Promise<Refreshed> {
  const login = await fleet.logIn(course.begun)
  judged.wants(login)
  const predecessor = `${login.body.refresh_token}`
  const rotation = await fleet.refresh(course.refreshed, predecessor)
  judged.wants(rotation, 'rotated')
  const refreshToken = `${rotation.body.refresh_token}`
  const accessToken = `${rotation.body.access_token}`
  const bearer = { authorization: `Bearer ${accessToken}` }
  for (const url of urls) {
    judged.wants(await fleet.refresh(url, predecessor), 'retried')
    judged.wants(await fleet.caller.get(`${url}/me`, bearer))
    judged.wantsActive(await fleet.introspect(url, accessToken))
  }
  return { ...course, predecessor, refreshToken, accessToken }
}

/** Waits until what is to be over is over and the rest is not, and sees that it is so. */
async function end(fleet: Fleet, judged: Judgement, session: Refreshed): Promise<void> {
  const { at, predecessor, refreshToken, accessToken } = session
  const seconds = session.end === 'left' ? IDLE_TTL + 1 : ACCESS_TOKEN_TTL + 1
  await pause(seconds * 1000)
  switch (session.end) {
    case 'used':
      return judged.wants(await fleet.refresh(at, refreshToken), 'rotated')
    case 'reused':
      judged.wantsInactive(await fleet.introspect(at, accessToken))
      return judged.wantsRefused(await fleet.refresh(at, predecessor), 'refresh_reused')
    case 'left':
      return judged.wantsRefused(await fleet.refresh(at, refreshToken), 'session_idle_timeout')
  }
}

type Judgement = ReturnType<typeof createJudgement>

/** Counts the answers that are right, and keeps those that are not. */
function createJudgement() {
  const seen = { accepted: 0, refused: 0 }
  const wrong: Answered[] = []
  const count = (isRight: boolean, answer: Answered, as: keyof typeof seen) => {
    if (isRight) seen[as] += 1
    else wrong.push(answer)
  }
  return {
    wrong,
    accepted: () => seen.accepted,
    refused: () => seen.refused,
    wants: (answer: Answered, outcome?: string) =>
      count(answer.status === 200 && answer.outcome === outcome, answer, 'accepted'),
    wantsActive: (answer: Answered) => count(answer.body.active === true, answer, 'accepted'),
    wantsInactive: (answer: Answered) => count(answer.body.active === false, answer, 'refused'),
    wantsRefused: (answer: Answered, reason: string) =>
      count(answer.status === 400 && answer.body.reason === reason, answer, 'refused'),
  }
}
