import t, { type Test } from 'tap'
import { noOrigin, type Origin } from '../../src/audit/event.ts'
import { createExplainSession } from '../../src/stories/explain-session.ts'
import { createExplainUser } from '../../src/stories/explain-user.ts'
import { drawTokenId } from '../../src/tokens/token-id.ts'
import { query } from '../support/database.ts'
import { atOnce, createSessions, tokenOf } from './fixtures/sessions.ts'

const HOME = '198.51.100.7'
const AWAY = '203.0.113.9'
const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0'
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1'
const HOUR = 3600
const DAY = 24 * HOUR

const from = (address: string, userAgent = FIREFOX, requestId = 'r-0'): Origin => ({
  requestId,
  address,
  userAgent,
})
const operator = { by: 'operator', origin: noOrigin }

/** Sessions of alice at home on Firefox, and what tells their stories. */
async function createStories(t: Test) {
  const sessions = await createSessions(t)
  const { clock, database } = sessions
  const db = database.kysely
  const explain = createExplainSession({ db, clock, issuer: 'https://auth.example' })
  return {
    ...sessions,
    explain,
    explainUser: createExplainUser({ db, clock }),
    start: (more: Parameters<typeof sessions.start>[0] = {}) =>
      sessions.start({
        device: { userAgent: FIREFOX, address: HOME, label: undefined },
        origin: from(HOME),
        ...more,
      }),
    refresh: (value: string, origin = from(HOME)) => sessions.rotate(value, { origin }),
    /** The story that an identifier leads to, and all of its sentences as one text. */
    async tell(identifier: string) {
      const { stories, sentences } = await explain(identifier)
      const [story] = stories
      if (story === undefined) throw new Error(sentences.join(' '))
      const text = story.paragraphs.flat().join('\n')
      return { ...story, text, told: story.chronicle.map(({ sentence }) => sentence) }
    },
  }
}

type Stories = Awaited<ReturnType<typeof createStories>>
type Started = Awaited<ReturnType<Stories['start']>>

/** Each end: what does it, the words that tell of it, and the page about it. */
const ENDS: Record<
  string,
  [end: (stories: Stories, started: Started) => Promise<unknown>, words: RegExp, page: string]
> = {
  logged_out: [
    ({ endSessions, sub }, { session: { sid } }) =>
      endSessions.end({ sid }, 'logged_out', { by: sub, origin: from(HOME) }),
    /because the user logged out there, on Firefox on Windows, from 198\.51\.100\.7\.$/m,
    'session_revoked',
  ],
  token_revoked: [
    ({ endSessions }, { session: { sid } }) =>
      endSessions.end({ sid }, 'token_revoked', { by: 'web', origin: from(HOME) }),
    /because one of its tokens was revoked, by client web, on Firefox/,
    'session_revoked',
  ],
  ended_by_user: [
    ({ endSessions, sub }, { session: { sid } }) =>
      endSessions.end({ sid }, 'ended_by_user', { by: sub, origin: from(AWAY, IPHONE) }),
    /the user ended it in the list of their sessions, on Safari on iPhone, from 203\.0\.113\.9\./,
    'session_revoked',
  ],
  ended_by_operator: [
    ({ endSessions }, { session: { sid } }) =>
      endSessions.end({ sid }, 'ended_by_operator', operator),
    /because an operator at the command line ended it\./,
    'session_revoked',
  ],
  user_disabled: [
    ({ endSessions }) => endSessions.disableUser('alice', operator),
    /because the user was disabled, by an operator at the command line\./,
    'user_disabled',
  ],
  password_changed: [
    ({ endSessions, sub }) =>
      endSessions.changePassword('alice', 'hash', { by: sub, origin: noOrigin }),
    /because the user’s password was changed, by the user\./,
    'password_changed',
  ],
  client_disabled: [
    ({ cutOffs }) => cutOffs.disableClient('web', operator),
    /because client web was disabled, by an operator at the command line\./,
    'client_disabled',
  ],
  client_deleted: [
    ({ cutOffs }) => cutOffs.deleteClient('web', { by: 'console', origin: noOrigin }),
    /because client web was deleted, by client console\./,
    'client_deleted',
  ],
  cut_off: [
    ({ cutOffs, sub }) => cutOffs.set({ kind: 'user', id: sub }, undefined, operator),
    /because all sessions.* that had started before a given instant were cut off, by an operator at/,
    'session_revoked',
  ],
  session_limit: [
    async ({ start, clock }) => {
      clock.advance(1)
      await start({ maxSessions: 1, origin: from(AWAY, IPHONE) })
    },
    /another session at client web, on Safari on iPhone, from 203\.0\.113\.9, and had more/,
    'session_limit',
  ],
}

for (const [reason, [end, words, page]] of Object.entries(ENDS)) {
  t.test(`${reason}: when, how and by whom`, async (t) => {
    const stories = await createStories(t)
    const started = await stories.start()
    stories.clock.advance(3)
    await end(stories, started)
    const { text, told, ...story } = await stories.tell(started.session.sid)
    t.match(story.end, { reason, event: { type: 'session.ended' }, expiredAt: undefined })
    t.match(text, /^It was ended on 2026-11-21 12:00:0[34]Z, because/m)
    t.match(text, words)
    t.match(told.at(-1), words, 'and so in the chronicle')
    t.equal(story.page, `https://auth.example/errors/${page}`)
  })
}

t.test('a quiet session: where it began, and until when it lives', async (t) => {
  const stories = await createStories(t)
  const { session, refreshToken } = await stories.start()
  stories.clock.advance(HOUR)
  await stories.refresh(refreshToken, from(AWAY))
  const { text, ...story } = await stories.tell(session.sid.toUpperCase())
  t.equal(
    text,
    [
      `Session ${session.sid} of alice (sub ${stories.sub}) at client web.`,
      'It started on 2026-11-21 12:00:00Z, by a login with a password, on Firefox on Windows, from 198.51.100.7.',
      'It runs on Firefox on Windows.',
      'It was refreshed once, and last used on 2026-11-21 13:00:00Z, from 203.0.113.9.',
      'It lives: nobody has been logged out of it. Unless it is refreshed, it ends on 2026-12-05 13:00:00Z (in 14d), and in any case on 2027-02-19 12:00:00Z.',
    ].join('\n'),
  )
  t.match(story, { end: undefined, advice: [], page: undefined, told: [/^A session started/] })
  const jti = drawTokenId(stories.random, 0, session.sid)
  const ofToken = await stories.explain(jti)
  t.match(ofToken, { kind: 'access_token', stories: [{ sid: session.sid }] })
})

t.test('retries, a lost answer, refusals and a foreign client, each told once', async (t) => {
  const stories = await createStories(t)
  const { refresh, clock } = stories
  const { session, refreshToken } = await stories.start()
  const second = tokenOf(await refresh(refreshToken))
  await atOnce(49, () => refresh(refreshToken))
  clock.advance(12 * 60)
  await refresh(refreshToken, from(AWAY))
  const third = tokenOf(await refresh(second))
  await refresh(third)
  await refresh(refreshToken)
  await stories.rotate(second, { clientId: 'other', origin: from(AWAY) })
  const { text, told, found } = await stories.tell(session.sid)
  t.equal(found?.state.generation, 3)
  t.match(text, 'It was refreshed 3 times,')
  t.match(text, '49 times a refresh was repeated and got the same token again')
  t.match(text, 'Once the answer to a refresh had been lost')
  t.match(text, 'Once a refresh was refused (of one hour, the first twenty are written down).')
  t.match(text, 'Once another client presented its refresh token')
  t.match(text, 'It lives:')
  t.strictSame(told.sort(), [
    'A refresh was refused, from 198.51.100.7, because its token was 3 generations old, as in a tab that has not read its storage again; the session lived on.',
    'A refresh was repeated, from 198.51.100.7, and got the same token again, as it came within the retry window.',
    'A session started at client web, by a login with a password, on Firefox on Windows, from 198.51.100.7.',
    'Client other presented the refresh token of this session, which is of client web, from 203.0.113.9. It was refused, and the session lived on.',
    'The answer to a refresh had been lost for 12m; it was given again, from 203.0.113.9.',
  ])
})

t.test('reuse: both addresses, and what they mean', async (t) => {
  const stories = await createStories(t)
  const { refresh, clock } = stories
  const tell = async (address: string, generations: number, userAgent = IPHONE) => {
    const { session, refreshToken } = await stories.start()
    clock.advance(60)
    let current = refreshToken
    for (let n = 0; n < generations; n += 1) current = tokenOf(await refresh(current))
    clock.advance(2 * DAY)
    await refresh(refreshToken, from(address, userAgent))
    return stories.tell(session.sid)
  }
  const theft = await tell(AWAY, 4)
  t.match(
    theft.text,
    /It was ended on 2026-11-23 12:01:00Z, because a refresh token that had been used before was used again, on Safari on iPhone, from 203\.0\.113\.9, while the session had last been used on 2026-11-21 12:01:00Z, from 198\.51\.100\.7\./,
  )
  t.match(theft.text, /It was 4 generations old: a newer token had been used since/)
  t.match(theft.text, /The addresses differ: either a thief .* restored backup/)
  t.match(theft.advice.join(' '), /mintmark users set-password/)
  t.match(theft.end, { by: 'mintmark', event: { detail: { lastAddress: HOME } } })
  t.equal(theft.page, 'https://auth.example/errors/refresh_reused')
  const copied = await tell(HOME, 4)
  t.match(copied.text, /Both are one address, but not one device/)
  const clumsy = await tell(HOME, 1, FIREFOX)
  t.match(clumsy.text, /Both are one address: most likely an old copy/)
  t.match(clumsy.text, /the token before the current one, as when the answer to a refresh is lost/)
})

t.test('expiry: by idleness, by age, and before somebody ended it', async (t) => {
  const stories = await createStories(t)
  const idle = await stories.start()
  const aged = await stories.start({ idleTtlSeconds: DAY, maxTtlSeconds: DAY })
  stories.clock.advance(15 * DAY)
  const told = await stories.tell(idle.session.sid)
  t.match(told.end, { reason: 'idle_timeout', by: undefined })
  t.match(told.text, /It expired on 2026-12-05 12:00:00Z: nobody had refreshed it since 2026-11-21/)
  t.match(told.page, /session_idle_timeout$/)
  const { text, page } = await stories.tell(aged.session.sid)
  t.match(text, /It expired on 2026-11-22 12:00:00Z: that is its greatest age/)
  t.match(page, /session_max_age$/)
  await stories.endSessions.disableUser('alice', operator)
  const later = await stories.tell(idle.session.sid)
  t.match(
    later.text,
    /It was ended on 2026-12-06 .*\nBy then it had expired already, on 2026-12-05/s,
  )
})

t.test('a client’s cut-off is told before the row is marked', async (t) => {
  const stories = await createStories(t)
  const { session } = await stories.start()
  stories.clock.advance(60)
  await stories.cutOffs.disableClient('web', operator)
  // As for the sessions of which there are too many to mark while the caller waits.
  const unmark = 'update sessions set ended_at = null, end_reason = null'
  await query(stories.url, unmark)
  await query(stories.url, "delete from events where type = 'session.ended'")
  const { text, end } = await stories.tell(session.sid)
  t.match(text, /ended on 2026-11-21 12:01:00Z, because client web was disabled, by an operator/)
  t.match(end, { reason: 'client_disabled', by: 'operator', event: undefined })
  const user = await stories.explainUser(stories.sub, DAY)
  t.match(user.summary[0], /alice was logged out of 1 of 1 session: .* client web was disabled/)
  t.match(user.chronicle.at(-1), { type: 'session.ended', sid: session.sid, event: undefined })
})

t.test('a cut-off is told as the user’s or as the client’s, whichever it was', async (t) => {
  const stories = await createStories(t)
  const { clock, cutOffs, sub } = stories
  const first = await stories.start()
  clock.advance(60)
  await cutOffs.set({ kind: 'user', id: sub }, undefined, operator)
  clock.advance(60)
  const second = await stories.start()
  clock.advance(60)
  await cutOffs.set({ kind: 'client', id: 'web' }, undefined, operator)
  const ofUser = /because all sessions of the user that had started/
  const ofClient = /because all sessions of client web that had started/
  t.match((await stories.tell(first.session.sid)).text, ofUser)
  t.match((await stories.tell(second.session.sid)).text, ofClient)
  const [said = ''] = (await stories.explainUser(sub, DAY)).summary
  t.match(said, ofUser)
  t.match(said, ofClient)
})

t.test(
  'a token without a session is told by its revocation, as long as that is kept',
  async (t) => {
    const stories = await createStories(t)
    const { clock, database, random, recordEvents } = stories
    const jti = drawTokenId(random, clock.now(), undefined)
    const other = drawTokenId(random, clock.now(), undefined)
    clock.advance(60)
    const revoked = { type: 'token.revoked', jti, sub: 'web', clientId: 'web' } as const
    await recordEvents(database.kysely, from(AWAY, FIREFOX, 'r-9'), [revoked])
    clock.advance(9 * DAY)
    const { kind, sentences } = await stories.explain(jti)
    t.equal(kind, 'access_token', 'its mark is gone with its life')
    t.equal(
      sentences[1],
      'It was revoked on 2026-11-21 12:01:00Z, by client web, on Firefox on Windows, from 203.0.113.9, in request r-9.',
    )
    t.equal((await stories.explain(other)).kind, 'unknown')
  },
)

t.test('a request leads to what it wrote down, and to its sessions', async (t) => {
  const stories = await createStories(t)
  const { session } = await stories.start()
  const { refreshToken, session: other } = await stories.start()
  const away = { by: stories.sub, origin: from(AWAY, IPHONE, 'r-end') }
  await stories.endSessions.end({ sub: stories.sub }, 'ended_by_user', away)
  stories.clock.advance(60)
  await stories.refresh(refreshToken, from(HOME, FIREFOX, 'r-refused'))
  const refused = await stories.explain('r-refused')
  t.match(refused, { kind: 'request', stories: [{ sid: other.sid }], more: 0 })
  t.match(refused.request, [
    { sentence: /^A refresh was refused, .* because the session had ended/ },
  ])
  const ending = await stories.explain('r-end')
  t.strictSame(ending.stories.map(({ sid }) => sid).sort(), [session.sid, other.sid].sort())

  const failed = {
    type: 'login.failed',
    clientId: 'web',
    sub: undefined,
    why: 'user_unknown',
  } as const
  const origin = from(AWAY, IPHONE, 'r-login')
  await stories.recordEvents(stories.database.kysely, origin, [failed])
  t.match(await stories.explain('r-login'), {
    kind: 'request',
    sentences: [/./, 'It was about no session.'],
    request: [
      { sentence: /A login failed at client web, on Safari.*: there is no user of that name/ },
    ],
    stories: [],
  })
  const { db, recordEvents } = { db: stories.database.kysely, ...stories }
  const changed = ['allowed_origins', 'max_sessions']
  await recordEvents(db, from(AWAY, IPHONE, 'r-changes'), [
    { type: 'client.changed', clientId: 'web', changed, by: 'operator' },
    { type: 'audience.deleted', audience: 'https://orders.example', by: 'mintmark' },
  ])
  t.match((await stories.explain('r-changes')).request, [
    {
      sentence:
        'Client web was changed (allowed_origins, max_sessions), by an operator at the command line.',
    },
    { sentence: 'Audience https://orders.example was deleted, by Mintmark itself.' },
  ])
})

t.test('of what is unknown it says what may have become of it', async (t) => {
  const stories = await createStories(t)
  const { session } = await stories.start()
  const unknown = await stories.explain('01a1fdee-147f-7a2c-bdbd-11dc284559c0')
  t.match(unknown, { kind: 'unknown', stories: [] })
  const said = unknown.sentences.join('\n')
  for (const hint of [
    'made on 2026-11-21 11:46:40Z',
    '30 days',
    'restored',
    'log of the service',
  ]) {
    t.match(said, hint)
  }
  const token = await stories.explain('mm_rt_AQGFjKpRuMgQXLs4ZggvPPFT')
  t.match(token.sentences, [/^This is a token/])
  t.notMatch(JSON.stringify(token), 'AQGFjKp', 'a token in a wrong place is not repeated')
  for (const odd of ['', 'a b', 'x\0', 'ü', 'x'.repeat(300)]) {
    t.match(await stories.explain(odd), { kind: 'unknown' }, JSON.stringify(odd))
  }
  await query(stories.url, 'delete from sessions')
  const gone = await stories.tell(session.sid)
  t.match(gone.text, /of alice .* not kept any more/s, 'its events outlive its row')
  t.match(gone.told, [/^A session started/])
})

t.test('what callers sent can neither steer a terminal nor look like a line', async (t) => {
  const stories = await createStories(t)
  const userAgent = 'evil\u001b[2J\u009b31m\n2026-11-21 12:00:00Z  The user logged out/1'
  const device = { userAgent, address: HOME, label: 'phone\u001b]0;x\u0007\u2028\u202e' }
  const { session } = await stories.start({ device, sub: 'sub\nwith lines', how: 'backend' })
  const story = await stories.tell(session.sid)
  const user = await stories.explainUser('sub\nwith lines', DAY)
  const lines = [...story.paragraphs.flat(), ...story.told, ...user.summary]
  t.ok(lines.length > 5)
  t.strictSame(
    lines.filter((line) => /[\p{C}\p{Zl}\p{Zp}]/u.test(line)),
    [],
  )
})

t.test('a user: how many devices were logged out, and all that happened', async (t) => {
  const stories = await createStories(t)
  const { sub, clock, endSessions } = stories
  const old = await stories.start()
  await endSessions.end({ sid: old.session.sid }, 'logged_out', { by: sub, origin: from(HOME) })
  clock.advance(2 * DAY)
  const phone = { userAgent: IPHONE, address: AWAY, label: undefined }
  const lost = await stories.start({ device: phone, idleTtlSeconds: HOUR })
  const ended = await stories.start()
  await stories.start()
  clock.advance(2 * HOUR)
  const { sid } = ended.session
  await endSessions.end({ sid }, 'ended_by_operator', { by: 'console', origin: from(AWAY) })
  for (let n = 0; n < 7; n += 1) {
    clock.advance(1)
    const failed = { type: 'login.failed', clientId: 'web', sub, why: 'password_wrong' } as const
    const origin = from(n === 0 ? HOME : AWAY)
    await stories.recordEvents(stories.database.kysely, origin, [failed])
  }
  const user = await stories.explainUser(sub, DAY)
  const [first = '', alive, failures] = user.summary
  t.match(first, /^alice was logged out of 2 of 3 sessions: /)
  t.match(
    first,
    'Firefox on Windows at client web on 2026-11-23 14:00:00Z, because client console ended it',
  )
  t.match(
    first,
    'Safari on iPhone at client web on 2026-11-23 13:00:00Z, because it had not been used',
  )
  t.equal(alive, '1 session is alive now; 3 sessions started in that time.')
  t.equal(
    failures,
    '7 logins failed, the last on 2026-11-23 14:00:07Z, from 2 addresses: 203.0.113.9 (6), 198.51.100.7 (1).',
  )
  t.strictSame(
    user.chronicle.map(({ type }) => type),
    [
      ...Array(3).fill('session.started'),
      'session.expired',
      'session.ended',
      ...Array(3).fill('login.failed'),
    ],
    'in order, and of the failed logins the last three',
  )
  t.match(user.chronicle[3], { sid: lost.session.sid })
  const quiet = await stories.explainUser(sub, 1)
  t.match(quiet?.summary, ['alice was not logged out of any of 1 session.', /^1 session is alive/])
  for (let n = 0; n < 30; n += 1) {
    const failed = { type: 'login.failed', clientId: 'web', sub, why: 'password_wrong' } as const
    await stories.recordEvents(stories.database.kysely, from(`2001:db8::${n}`), [failed])
  }
  const { failedLogins, summary } = await stories.explainUser(sub, DAY)
  t.match(failedLogins, { total: 37, addresses: 32, byAddress: [{ address: AWAY, count: 6 }] })
  t.equal(failedLogins.byAddress.length, 20, 'a bot net fills no memory')
  t.match(summary[2], /^37 logins failed, .* from 32 addresses: 203\S+ \(6\), .* and 27 more\.$/)
  t.match(await stories.explainUser('nobody', DAY), {
    isKnown: false,
    summary: [/^Nothing is known/],
  })
})
