import t from 'tap'
import { query } from '../support/database.ts'
import { createTestService, type Tokens } from '../support/service.ts'

const ROUNDS = 20
const CALLERS = 50

t.test('50 simultaneous refreshes of one token over two instances rotate once', async (t) => {
  const one = await createTestService(t)
  const two = await createTestService(t, { beside: one, seed: 'two' })
  const client = await one.addClient()
  let { refresh_token: current } = (await one.logIn(client)).tokens
  const rotationsSeen: number[] = []
  for (let round = 1; round <= ROUNDS; round += 1) {
    const answers = await Promise.all(
      Array.from({ length: CALLERS }, (_, caller) =>
        (caller % 2 === 0 ? one : two).refresh(client, current),
      ),
    )
    const statuses = new Set(answers.map((answer) => answer.statusCode))
    t.strictSame([...statuses], [200], `round ${round}: every caller is answered with tokens`)
    const successors = new Set(answers.map((answer) => answer.json<Tokens>().refresh_token))
    t.equal(successors.size, 1, `round ${round}: they all get the same successor`)
    const rotated = answers.filter((answer) => answer.headers['refresh-outcome'] === 'rotated')
    t.equal(rotated.length, 1, `round ${round}: one of them rotated, the others retried`)
    current = [...successors][0] as string
    const [row] = await query(one.databaseUrl, 'select generation, ended_at from sessions')
    t.strictSame(row, { generation: round, ended_at: null }, `round ${round}: one rotation`)
    rotationsSeen.push(row?.generation as number)
  }
  t.equal(rotationsSeen.length, ROUNDS)
})
