import { claimsOf, readEvents, summary } from '../support/answer.ts'
import { attack } from '../support/attacks.ts'
import { query } from '../support/database.ts'
import { createTestService, type Tokens } from '../support/service.ts'

const REUSED = '400 invalid_grant refresh_reused'

for (const [number, instances] of [
  [79, 1],
  [80, 3],
] as const) {
  attack(number, `50 at once, round after round, over ${instances} instance(s)`, async (t) => {
    const first = await createTestService(t)
    const all = [first]
    while (all.length < instances) {
      all.push(await createTestService(t, { beside: first, seed: `instance ${all.length}` }))
    }
    const client = await first.addClient()
    let value = (await first.logIn(client)).tokens.refresh_token
    for (let round = 1; round <= 5; round += 1) {
      const present = (_: unknown, n: number) =>
        (all[n % instances] ?? first).refresh(client, value)
      const answers = await Promise.all(Array.from({ length: 50 }, present))
      const successors = new Set(answers.map((answer) => answer.json<Tokens>().refresh_token))
      const rotated = answers.filter(({ headers }) => headers['refresh-outcome'] === 'rotated')
      t.strictSame([successors.size, rotated.length], [1, 1], `round ${round}`)
      value = [...successors][0] as string
    }
    const rows = await query(first.databaseUrl, 'select generation, ended_at from sessions')
    t.strictSame(rows, [{ generation: 5, ended_at: null }])
  })
}

attack(99, 'a lost answer is given again, a hundred times of a hundred', async (t) => {
  const service = await createTestService(t)
  const { tokens, client } = await service.logIn()
  const present = (value: string) => service.refresh(client, value)
  let value = tokens.refresh_token
  for (let n = 0; n < 100; n += 1) {
    const lost = (await present(value)).json<Tokens>().refresh_token
    service.clock.advance(30)
    const found = (await present(value)).json<Tokens>().refresh_token
    if (found !== lost) t.fail(`round ${n}: another successor`)
    value = found
  }
  const [row] = await query(service.databaseUrl, 'select generation, ended_at from sessions')
  t.strictSame(row, { generation: 100, ended_at: null })
})

attack(101, '1,000 replays of a dead family are one end and one event', async (t) => {
  const service = await createTestService(t)
  const { tokens, client } = await service.logIn()
  let value = tokens.refresh_token
  for (let n = 0; n < 4; n += 1) {
    value = (await service.refresh(client, value)).json<Tokens>().refresh_token
  }
  const replay = () => service.refresh(client, tokens.refresh_token)
  const seen = new Set<string>()
  for (let n = 0; n < 20; n += 1) {
    const answers = await Promise.all(Array.from({ length: 50 }, replay))
    for (const answer of answers) seen.add(summary(answer))
  }
  t.strictSame([...seen], [REUSED])
  t.equal((await readEvents(service, 'refresh.reused')).length, 1)
  const other = await service.logIn()
  const { refresh_token } = other.tokens
  t.equal(summary(await service.refresh(other.client, refresh_token)), '200', 'others go on')
})

attack(102, '50 logins of one user at once are 50 sessions', async (t) => {
  const service = await createTestService(t)
  const client = await service.addClient()
  const { username, password } = await service.addUser()
  const form = { grant_type: 'password', client_id: client.clientId, username, password }
  const logins = await Promise.all(Array.from({ length: 50 }, () => service.post('/token', form)))
  t.strictSame([...new Set(logins.map(summary))], ['200'])
  const [first, ...others] = logins.map((answer) => answer.json<Tokens>())
  const sids = [first, ...others].map((tokens) => claimsOf(tokens?.access_token ?? '').sid)
  t.equal(new Set(sids).size, 50)
  await service.post('/logout', { refresh_token: first?.refresh_token ?? '' })
  const refreshed = await Promise.all(
    others.map(({ refresh_token }) => service.refresh(client, refresh_token)),
  )
  t.strictSame([...new Set(refreshed.map(summary))], ['200'], 'each of its own')
})
