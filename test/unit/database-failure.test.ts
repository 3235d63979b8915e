import t from 'tap'
import {
  classify,
  DatabaseUnavailable,
  describeDatabaseError,
  isConflict,
  isDuplicate,
} from '../../src/db/failure.ts'
import { retryConflicts } from '../../src/db/transaction.ts'
import { toOAuthError, toProblem } from '../../src/http/failure.ts'

const failure = (code: string | undefined, message = 'it failed') =>
  Object.assign(new Error(message), code === undefined ? {} : { code })

function fateOf(error: unknown): 'unknown' | 'known' | 'not an outage' {
  const classified = classify(error)
  if (!(classified instanceof DatabaseUnavailable)) return 'not an outage'
  return classified.fateUnknown ? 'unknown' : 'known'
}

t.test('a connection that broke under a statement leaves its fate unknown', async (t) => {
  for (const code of ['08000', '08003', '08006', '08P01', '40003', '57P01', '57P02']) {
    t.equal(fateOf(failure(code)), 'unknown', code)
  }
  for (const code of ['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH']) {
    t.equal(fateOf(failure(code)), 'unknown', code)
  }
  const said = ['Connection terminated', 'Connection terminated unexpectedly', 'read ECONNRESET']
  for (const message of said) t.equal(fateOf(failure(undefined, message)), 'unknown', message)
})

t.test('a server that cannot serve now has done nothing', async (t) => {
  for (const code of [
    ...['57000', '57P03', '57P04', '57P05', '57014', '53300', '53100', '53200', '58030', 'XX000'],
    ...['25006', '25P03', '25P04', '40000', '55000', '55006', '28P01', '28000', '3D000'],
  ]) {
    t.equal(fateOf(failure(code)), 'known', code)
  }
})

t.test('a server that crashes while it commits may have committed', async (t) => {
  const panic = Object.assign(failure('58030', 'could not fsync file'), { severity: 'PANIC' })
  t.equal(fateOf(panic), 'unknown')
})

t.test(
  'prepared statements that a migration or a pooler took away need a new connection',
  async (t) => {
    const plan = { routine: 'RevalidateCachedQuery' }
    const outdated = Object.assign(
      failure('0A000', 'cached plan must not change result type'),
      plan,
    )
    t.equal(fateOf(outdated), 'known')
    for (const code of ['26000', '42P05']) t.equal(fateOf(failure(code)), 'known', code)
    t.equal(fateOf(failure('0A000', 'cannot do that')), 'not an outage')
  },
)

t.test('tables and rights that are not those of this version are our trouble: 503', async (t) => {
  for (const code of ['42P01', '42703', '42883', '42704', '3F000', '42501']) {
    const error = toOAuthError(failure(code))
    t.match(error, { status: 503, reason: 'database_unavailable' }, code)
    t.match(error.headers['retry-after'], /^[1-9]/, code)
    t.notMatch(error.message, 'it failed', 'what the server said stays here')
    const problem = toProblem(failure(code))
    t.match(problem, { status: 503, code: 'database_unavailable' }, code)
    t.match(problem.headers['retry-after'], /^[1-9]/, code)
  }
})

t.test('no failure of the database is anything but our trouble', async (t) => {
  const classes = [
    '08',
    '0A',
    '22',
    '23',
    '25',
    '40',
    '42',
    '53',
    '54',
    '55',
    '57',
    '58',
    'P0',
    'XX',
  ]
  for (const state of classes.flatMap((one) => [`${one}000`, `${one}001`, `${one}P01`])) {
    const { error, status } = toOAuthError(classify(failure(state)))
    t.ok(['temporarily_unavailable', 'server_error'].includes(error) && status >= 500, state)
  }
})

t.test('a mistake of ours or a refusal by a constraint is no outage', async (t) => {
  for (const code of ['23505', '23514', '42601', '42P01', '42501', '22P02', '40001', '40P01']) {
    const error = failure(code, 'Connection terminated, says a value')
    t.equal(fateOf(error), 'not an outage', code)
    t.equal(classify(error), error, 'it stays itself')
  }
  for (const value of [failure(undefined, 'a bug'), 'text', null, undefined, 42]) {
    t.equal(classify(value), value)
  }
})

t.test('an outage keeps its cause and is not wrapped twice', async (t) => {
  const cause = failure('57P01')
  const error = classify(cause) as DatabaseUnavailable
  t.equal(error.cause, cause)
  t.equal(classify(error), error)
  t.equal(error.message, 'the database is unavailable', 'it says nothing of the statement')
})

t.test('conflicts and duplicates are told apart', async (t) => {
  for (const code of ['40001', '40P01', '55P03']) t.ok(isConflict(failure(code)), code)
  for (const code of ['23505', '40000', '57014']) t.notOk(isConflict(failure(code)), code)
  t.ok(isDuplicate(failure('23505')))
  t.notOk(isDuplicate(failure('23503')))
  for (const value of [null, undefined, 'x', {}, new Error('40001')]) {
    t.notOk(isConflict(value) || isDuplicate(value))
  }
})

t.test('a conflict is tried again, three times in all, and nothing else is', async (t) => {
  const attempts = async (errors: Error[]) => {
    let calls = 0
    const result = await retryConflicts(async () => {
      const error = errors[calls]
      calls += 1
      if (error !== undefined) throw error
      return 'done'
    }).catch((error: unknown) => error)
    return { calls, result }
  }
  t.strictSame(await attempts([]), { calls: 1, result: 'done' })
  t.strictSame(await attempts([failure('40001')]), { calls: 2, result: 'done' })
  t.strictSame(await attempts([failure('40P01'), failure('55P03')]), { calls: 3, result: 'done' })
  const lost = await attempts(Array.from({ length: 9 }, () => failure('40001')))
  t.equal(lost.calls, 3)
  t.match(lost.result, { name: 'DatabaseUnavailable', fateUnknown: false })
  for (const error of [failure('23505'), classify(failure('57P01')) as Error]) {
    t.strictSame(await attempts([error]), { calls: 1, result: error })
  }
})

t.test('what may be logged of a database error holds no value', async (t) => {
  const error = Object.assign(failure('23505', 'duplicate key value violates unique constraint'), {
    constraint: 'users_username_key',
    routine: '_bt_check_unique',
    detail: 'Key (username)=(alice) already exists.',
    where: 'parameter $1 = hunter2',
    client: { password: 'hunter2' },
    query: 'select hunter2',
  })
  t.strictSame(describeDatabaseError(error), {
    message: 'duplicate key value violates unique constraint',
    code: '23505',
    constraint: 'users_username_key',
    routine: '_bt_check_unique',
  })
  for (const value of [null, undefined, 'text', {}]) t.strictSame(describeDatabaseError(value), {})
})
