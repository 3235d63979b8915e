import t from 'tap'
import {
  classify,
  DatabaseUnavailable,
  describeDatabaseError,
  isConflict,
  isDuplicate,
} from '../../src/db/failure.ts'
import { retryConflicts } from '../../src/db/transaction.ts'

const failure = (code: string | undefined, message = 'it failed') =>
  Object.assign(new Error(message), code === undefined ? {} : { code })

function fateOf(error: unknown): 'unknown' | 'known' | 'not an outage' {
  const classified = classify(error)
  if (!(classified instanceof DatabaseUnavailable)) return 'not an outage'
  return classified.fateUnknown ? 'unknown' : 'known'
}

t.test('a connection that broke under a statement leaves its fate unknown', async (t) => {
  for (const code of ['08000', '08003', '08006', '08P01', '57P01', '57P02']) {
    t.equal(fateOf(failure(code)), 'unknown', code)
  }
  for (const code of ['ECONNRESET', 'EPIPE']) t.equal(fateOf(failure(code)), 'unknown', code)
  const said = ['Connection terminated', 'Connection terminated unexpectedly', 'read ECONNRESET']
  for (const message of said) t.equal(fateOf(failure(undefined, message)), 'unknown', message)
})

t.test('a server that cannot serve now has done nothing', async (t) => {
  const codes = ['57P03', '57P04', '57P05', '57014', '53300', '53100', '53200', '58030', '25006']
  for (const code of codes) t.equal(fateOf(failure(code)), 'known', code)
  for (const code of ['ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH']) {
    t.equal(fateOf(failure(code)), 'known', code)
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
