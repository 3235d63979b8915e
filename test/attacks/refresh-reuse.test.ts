import type { Test } from 'tap'
import { claimsOf, countRows, readEvents, summary } from '../support/answer.ts'
import { attack } from '../support/attacks.ts'
import { query } from '../support/database.ts'
import { createTestService, type ServiceOptions, type Tokens } from '../support/service.ts'

const REUSED = '400 invalid_grant refresh_reused'
const STALE = '400 invalid_grant refresh_stale'

/** A session, and its first values, each the successor of the one before. */
async function start(t: Test, rotations: number, options?: ServiceOptions) {
  const service = await createTestService(t, options)
  const client = await service.addClient()
  const { tokens } = await service.logIn(client)
  const present = (value: string) => service.refresh(client, value)
  const next = async (value: string) => (await present(value)).json<Tokens>().refresh_token
  const values = [tokens.refresh_token]
  for (let n = 0; n < rotations; n += 1) values.push(await next(values[n] as string))
  const outcomeOf = async (value: string) => {
    const answer = await present(value)
    return String(answer.headers['refresh-outcome'] ?? summary(answer))
  }
  const sid = claimsOf(tokens.access_token).sid as string
  const endOf = async () =>
    (await query(service.databaseUrl, 'select end_reason from sessions where id = $1', [sid]))[0]
      ?.end_reason
  return {
    service,
    client,
    tokens,
    values: values as [string, ...string[]],
    present,
    outcomeOf,
    endOf,
  }
}

attack(74, 'the predecessor, after all that a lost answer is forgiven', async (t) => {
  const { service, values, outcomeOf, endOf } = await start(t, 1)
  service.clock.advance(86_401)
  t.equal(await outcomeOf(values[0]), REUSED)
  t.equal(await outcomeOf(values[1] as string), REUSED, 'the family is dead')
  t.equal(await endOf(), 'refresh_reused')
  t.equal((await readEvents(service, 'refresh.reused')).length, 1)
})

attack(75, 'a value before the predecessor: stale at once, reuse after the window', async (t) => {
  const { service, values, outcomeOf, endOf } = await start(t, 2)
  t.equal(await outcomeOf(values[0]), STALE)
  t.equal(await endOf(), null, 'within the window it is an old tab')
  service.clock.advance(31)
  t.equal(await outcomeOf(values[0]), REUSED)
  t.equal(await outcomeOf(values[2] as string), REUSED)
  t.equal((await readEvents(service, 'refresh.reused')).length, 1)
})

attack(
  76,
  'the predecessor within the window gets the same successor, and no new row',
  async (t) => {
    const { service, values, present } = await start(t, 1)
    const rows = await countRows(service, 'sessions')
    service.clock.advance(30)
    const answer = await present(values[0])
    t.equal(answer.json<Tokens>().refresh_token, values[1])
    t.equal(answer.headers['refresh-outcome'], 'retried')
    t.equal(await countRows(service, 'sessions'), rows)
  },
)

attack(77, 'the predecessor of a successor that was used is stale, then reuse', async (t) => {
  const { service, values, outcomeOf } = await start(t, 2)
  t.equal(await outcomeOf(values[0]), STALE, 'nothing forks')
  service.clock.advance(31)
  t.equal(await outcomeOf(values[0]), REUSED)
})

attack(78, 'replays do not prolong the window', async (t) => {
  const { service, values, outcomeOf } = await start(t, 1, {
    env: { REFRESH_RECOVERY: 'deny' },
  })
  const outcomes: string[] = []
  for (let second = 1; second <= 32; second += 1) {
    service.clock.advance(1)
    outcomes.push(await outcomeOf(values[0]))
  }
  t.strictSame(
    outcomes,
    outcomes.map((_, index) => (index < 30 ? 'retried' : REUSED)),
  )
})

attack(81, 'without a window, one of 50 wins and the others are reuse', async (t) => {
  const { service, values, present, endOf } = await start(t, 0, {
    env: { REFRESH_RETRY_WINDOW: '0s', REFRESH_RECOVERY: 'deny' },
  })
  const answers = await Promise.all(Array.from({ length: 50 }, () => present(values[0])))
  const counts = Map.groupBy(answers, summary)
  t.equal(counts.get('200')?.length, 1)
  t.equal(counts.get(REUSED)?.length, 49)
  t.equal(await endOf(), 'refresh_reused')
  t.equal((await readEvents(service, 'refresh.reused')).length, 1)
})

attack(89, 'rotations of one millisecond are told apart by their count', async (t) => {
  const { service, values, outcomeOf } = await start(t, 3)
  t.equal(await outcomeOf(values[0]), STALE, 'three behind')
  await outcomeOf(values[3] as string)
  t.equal(await outcomeOf(values[0]), REUSED, 'four behind, in the same millisecond')
  t.equal((await readEvents(service, 'refresh.reused')).length, 1)
})

attack(88, 'a service that was started anew knows what was used before', async (t) => {
  const { service, client, values } = await start(t, 4)
  await service.app.close()
  const again = await createTestService(t, { beside: service, seed: 'again' })
  t.equal(summary(await again.refresh(client, values[0])), REUSED)
  t.equal(summary(await again.refresh(client, values[4] as string)), REUSED)
})
