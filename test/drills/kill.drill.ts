import { setTimeout as pause } from 'node:timers/promises'
import { fraction } from '../../src/base/random.ts'
import { untilSettled } from '../support/caller.ts'
import { drill, rounds } from '../support/drills.ts'
import { startFleet } from '../support/fleet.ts'
import { createSeededRandom } from '../support/random.ts'

/** So many sessions are being refreshed at the instance that is killed. */
const SESSIONS = 10
/** In milliseconds: a rotation has begun at most so long ago. */
const LATEST = 50

const WHAT =
  'one of three instances killed (-9) 0 to 50 ms into 10 refreshes, asked again elsewhere'

drill('kill', WHAT, async (t) => {
  const fleet = await startFleet(t, { count: 3 })
  const random = createSeededRandom('kill')
  const instances = fleet.replicas.map((replica) => Promise.resolve(replica))
  const kills = rounds(300)
  const seen = { answered: 0, kept: 0, undone: 0, lost: 0, forks: 0 }

  for (let round = 0; round < kills; round += 1) {
    // The one that was started again the longest ago; the last one killed may still be on its way.
    const place = round % 3
    const [victim, other] = await Promise.all([instances[place], instances[(place + 1) % 3]])
    if (victim === undefined || other === undefined) throw new Error('there are three instances')
    // There, so that it is warm: its refreshes begin at once.
    const sessions = await fleet.startSessions(SESSIONS, victim)
    const asked = sessions.map((refreshToken) =>
      fleet.refresh(victim.url, refreshToken).catch(() => undefined),
    )
    await pause(fraction(random) * LATEST)
    victim.signal('SIGKILL')
    const answers = await Promise.all(asked)
    instances[place] = fleet.start()
    await Promise.all(
      sessions.map(async (refreshToken, index) => {
        const answer = answers[index]
        // Also by those who have an answer: theirs must be the same.
        const retry = await untilSettled(() => fleet.refresh(other.url, refreshToken))
        const successor = retry.body.refresh_token
        if (answer?.status === 200) seen.answered += 1
        else if (retry.outcome === 'rotated') seen.undone += 1
        else if (retry.status === 200) seen.kept += 1
        if (answer?.status === 200 && answer.body.refresh_token !== successor) seen.forks += 1
        const next = await untilSettled(() => fleet.refresh(other.url, `${successor}`))
        if (retry.status !== 200 || next.status !== 200) seen.lost += 1
      }),
    )
  }
  await Promise.all(instances)

  const total = kills * SESSIONS
  const { rotations, ended } = await fleet.totals()
  t.equal(seen.lost, 0, 'no session is lost')
  t.equal(seen.forks, 0, 'no session has two successors')
  t.equal(ended, 0, 'none has ended')
  t.equal(rotations, total * 2, 'each has moved by its two refreshes and no more')
  t.equal(seen.answered + seen.kept + seen.undone, total, 'each refresh came to one of three ends')
  return {
    kills,
    'sessions refreshing': total,
    'answered before the kill': seen.answered,
    'committed, answer lost': seen.kept,
    'not committed': seen.undone,
    'sessions lost': seen.lost,
    'with two live successors': seen.forks,
    '503, asked again': fleet.caller.unavailable,
  }
})
