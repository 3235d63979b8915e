import * as argon2 from '@node-rs/argon2'
import t from 'tap'
import { createPasswords, passwordProblem } from '../../src/users/password.ts'
import { normaliseUsername } from '../../src/users/user.ts'
import { createWorkQueue, QueueFull, type WorkQueue } from '../../src/users/work-queue.ts'

const direct: WorkQueue = { run: (job) => job() }

t.test('a username has one spelling', async (t) => {
  const same: Record<string, string[]> = {
    admin: ['Admin', 'ADMIN', 'ａｄｍｉｎ', 'Ａｄｍｉｎ', 'ⓐⓓⓜⓘⓝ', '𝐚𝐝𝐦𝐢𝐧', 'admin'],
    'josé@example.org': ['JOSÉ@example.org', 'jose\u0301@example.org', 'José@EXAMPLE.ORG'],
    kelvin: ['\u212aelvin', 'Kelvin'],
    ffi: ['\ufb03', 'FFI'],
    'o’neil_+1': ['O’Neil_+1'],
  }
  for (const [one, spellings] of Object.entries(same)) {
    for (const spelling of spellings) t.equal(normaliseUsername(spelling), one, spelling)
  }
  t.not(normaliseUsername('аdmin'), 'admin', 'a Cyrillic letter is another one')
})

t.test('a username holds nothing that cannot be seen', async (t) => {
  const refused = [
    '',
    ' ',
    'a b',
    ' admin',
    'admin ',
    'a\tb',
    'a\nb',
    'a\0',
    'a\u00a0b',
    'a\u3000b',
  ]
  // Zero width space, non-joiner, joiner; word joiner; byte order mark; soft hyphen; directions;
  // a variation selector; a Hangul filler; a tag; an unassigned code point; half a surrogate pair.
  for (const point of [0x200b, 0x200c, 0x200d, 0x2060, 0xfeff, 0xad, 0x202e, 0x2066, 0xfe0f]) {
    refused.push(`ad${String.fromCodePoint(point)}min`)
  }
  for (const point of [0x3164, 0xe0041, 0x0378, 0xd800, 0xdc00, 0x85, 0x2028, 0xe000]) {
    refused.push(`ad${String.fromCodePoint(point)}min`)
  }
  for (const text of refused) {
    const points = Array.from(text, (one) => one.codePointAt(0)?.toString(16))
    t.equal(normaliseUsername(text), undefined, points.join(' '))
  }
  t.equal(normaliseUsername('x'.repeat(200))?.length, 200)
  t.equal(normaliseUsername('x'.repeat(201)), undefined)
  t.equal(normaliseUsername('ﷺ'.repeat(50)), undefined, 'measured after it has grown')
})

t.test('the spelling of a spelling is itself, for every character there is', async (t) => {
  const unstable: string[] = []
  for (let point = 0; point <= 0x10ffff; point += 1) {
    const once = normaliseUsername(`a${String.fromCodePoint(point)}b`)
    if (once !== undefined && normaliseUsername(once) !== once) unstable.push(point.toString(16))
  }
  t.strictSame(unstable, [])
})

t.test('a password is compared with its hash', async (t) => {
  const passwords = createPasswords(direct)
  const hash = await passwords.hash('correct horse')
  t.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  t.not(await passwords.hash('correct horse'), hash, 'salted')
  t.equal(await passwords.verify(hash, 'correct horse'), true)
  t.equal(await passwords.verify(hash, 'correct horsE'), false)
  t.equal(await passwords.verify(hash, ''), false)
  t.equal(await passwords.verify(undefined, 'correct horse'), false, 'no such user')
  t.equal(await passwords.verify(undefined, 'no user has this password'), false, 'not even this')
})

t.test('an unknown user costs the same work as a known one', async (t) => {
  const work: string[] = []
  const path = '../../src/users/password.ts'
  const mocked = await t.mockImport<typeof import('../../src/users/password.ts')>(path, {
    '@node-rs/argon2': {
      async hash(...given: Parameters<typeof argon2.hash>) {
        work.push('hash')
        return argon2.hash(...given)
      },
      async verify(...given: Parameters<typeof argon2.verify>) {
        const [cost] = /^\$argon2id\$.*p=\d+\$/.exec(String(given[0])) ?? []
        work.push(`verify ${cost} ${given[1]}`)
        return argon2.verify(...given)
      },
    },
  })
  const queued: WorkQueue = {
    run(job) {
      work.push('queue')
      return job()
    },
  }
  const hash = await createPasswords(direct).hash('a password')
  for (const [password, compared] of [
    ['a password', 'a password'],
    ['x'.repeat(5000), ''],
  ] as const) {
    const verify = `verify $argon2id$v=19$m=19456,t=2,p=1$ ${compared}`
    for (const known of [hash, undefined]) {
      const what = `${known === undefined ? 'unknown' : 'known'} user, ${password.length} bytes`
      const passwords = mocked.createPasswords(queued)
      await passwords.verify(known, password)
      t.strictSame(work.splice(0), ['queue', 'hash', verify], `${what}, the first of all`)
      await passwords.verify(known, password)
      t.strictSame(work.splice(0), ['queue', verify], `${what}, any other`)
    }
  }
})

t.test(
  'a password longer than any can be never matches, nor does an empty one for it',
  async (t) => {
    const passwords = createPasswords(direct)
    const hash = await passwords.hash('')
    t.equal(await passwords.verify(hash, 'x'.repeat(1025)), false)
    t.equal(passwordProblem('x'.repeat(1024)), undefined)
    t.match(passwordProblem('x'.repeat(1025)), /8 to 1024 bytes/)
    t.match(passwordProblem('é'.repeat(513)), /bytes/, 'counted in bytes')
    t.match(passwordProblem('1234567'), /8 to 1024 bytes/)
    t.equal(passwordProblem('12345678'), undefined)
    t.match(passwordProblem('12345678\ud800'), /well-formed/)
  },
)

/** A job that ends when it is told to. */
function createJob(name: string, log: string[]) {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const run = () => {
    log.push(name)
    return promise
  }
  return { run, finish: () => resolve(name), fail: () => reject(new Error(name)) }
}

t.test('a work queue runs so many at once, in order, and refuses the rest at once', async (t) => {
  const queue = createWorkQueue({ concurrency: 2, limit: 2 })
  const log: string[] = []
  const [a, b, c, d, e, f] = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => createJob(name, log))
  if (!a || !b || !c || !d || !e || !f) throw new Error('six jobs were made')
  const running = [a, b, c, d].map((job) => queue.run(job.run))
  await t.rejects(queue.run(e.run), QueueFull, 'two run, two wait, the fifth is refused')
  t.strictSame(log, ['a', 'b'])
  b.finish()
  t.equal(await running[1], 'b')
  await Promise.resolve()
  t.strictSame(log, ['a', 'b', 'c'], 'the first that waited comes first')
  const later = queue.run(f.run)
  await t.rejects(queue.run(e.run), QueueFull, 'one place became free, and was taken')
  a.fail()
  await t.rejects(running[0] as Promise<string>, { message: 'a' }, 'a job that fails')
  c.finish()
  await running[2]
  d.finish()
  f.finish()
  t.strictSame(await Promise.all([running[3], later]), ['d', 'f'])
  t.strictSame(log, ['a', 'b', 'c', 'd', 'f'], 'a failure gave its place on; e never ran')
  const again = ['g', 'h'].map((name) => createJob(name, log))
  const both = again.map((job) => queue.run(job.run))
  t.strictSame(log.slice(-2), ['g', 'h'], 'and no place was lost')
  for (const job of again) job.finish()
  await Promise.all(both)
})

t.test('a queue without waiting room refuses whoever does not run', async (t) => {
  const queue = createWorkQueue({ concurrency: 1, limit: 0 })
  const job = createJob('a', [])
  const running = queue.run(job.run)
  await t.rejects(
    queue.run(async () => {}),
    QueueFull,
  )
  job.finish()
  await running
  await t.resolves(queue.run(async () => {}))
})
