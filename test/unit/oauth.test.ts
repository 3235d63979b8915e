import t from 'tap'
import { parseAuthorization } from '../../src/oauth/authorization-header.ts'
import { claimsProblem } from '../../src/oauth/claims.ts'
import { OAuthError, quotable } from '../../src/oauth/error.ts'
import { decodeFormComponent, parametersFromJson, parseForm } from '../../src/oauth/form.ts'
import { collectParameters } from '../../src/oauth/parameters.ts'
import { reasons } from '../../src/oauth/reasons.ts'
import { formatScope, parseScope } from '../../src/oauth/scope.ts'

function reasonOf(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    if (error instanceof OAuthError) return error.reason
    throw error
  }
  return 'nothing was thrown'
}

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`

t.test('a scope is a set of words', async (t) => {
  t.strictSame(parseScope('write read  read '), ['read', 'write'])
  t.strictSame(parseScope(''), [])
  t.equal(formatScope(['read', 'write']), 'read write')
  t.strictSame(parseScope('!#$[]~ urn:x:y'), ['!#$[]~', 'urn:x:y'], 'printable ASCII')
  const wrong = ['a"b', 'a\\b', 'a\tb', 'a\nb', 'é', 'a\u00a0b', 'a\x7f', 'x'.repeat(129)]
  for (const text of [...wrong, Array.from({ length: 101 }, (_, n) => `s${n}`).join(' ')]) {
    t.equal(
      reasonOf(() => parseScope(text)),
      'scope_malformed',
      JSON.stringify(text.slice(0, 20)),
    )
  }
  t.equal(parseScope(Array.from({ length: 100 }, (_, n) => `s${n}`).join(' ')).length, 100)
})

t.test('a form is decoded as RFC 6749 appendix B says', async (t) => {
  const form = parseForm('a=1&b=a+b%2Bc&%63=%C3%A9&d&e=&f=x=y&&')
  const values = { a: '1', b: 'a b+c', c: 'é', d: undefined, e: undefined, f: 'x=y' }
  for (const [name, value] of Object.entries(values)) t.equal(form.get(name), value, name)
  t.equal(form.get('toString'), undefined, 'a name that every object has')
  t.equal(form.require('a'), '1')
  t.equal(
    reasonOf(() => form.require('e')),
    'parameter_missing',
    'an empty value is none',
  )
  t.equal(decodeFormComponent('%'), undefined)
})

t.test('a form that can be read in two ways is refused', async (t) => {
  const refused = {
    'a=%': 'body_malformed',
    'a=%zz': 'body_malformed',
    'a=%C3': 'body_malformed',
    'a=%ff%fe': 'body_malformed',
    'a=%ED%A0%80': 'body_malformed',
    '%=1': 'body_malformed',
    'a=1&a=1': 'parameter_repeated',
    'a=1&%61=2': 'parameter_repeated',
    'a=&a=1': 'parameter_repeated',
    'a=%00': 'parameter_invalid',
    'a%00=1': 'parameter_invalid',
    [Array.from({ length: 101 }, (_, n) => `p${n}=1`).join('&')]: 'body_malformed',
  }
  for (const [body, reason] of Object.entries(refused)) {
    t.equal(
      reasonOf(() => parseForm(body)),
      reason,
      body.slice(0, 20),
    )
  }
  t.strictSame(parseForm('resource=x&resource=y&resource=').resources, ['x', 'y'])
  t.equal(parseForm('resource=x').get('resource'), undefined, 'it is read as a list only')
})

t.test('a JSON body is the same parameters', async (t) => {
  const read = parametersFromJson({ a: '1', b: '', resource: ['x', 'y'] })
  t.strictSame([read.get('a'), read.get('b'), read.resources], ['1', undefined, ['x', 'y']])
  t.strictSame(parametersFromJson({ resource: 'x' }).resources, ['x'])
  for (const body of [null, [], 'text', 1, undefined]) {
    t.equal(
      reasonOf(() => parametersFromJson(body)),
      'body_malformed',
      JSON.stringify(body),
    )
  }
  const invalid = [{ a: 1 }, { a: null }, { a: ['x'] }, { a: {} }, { resource: [1] }, { a: true }]
  for (const body of [...invalid, { a: '\ud800' }, { '\udc00': 'a' }, { a: 'x\0' }]) {
    t.equal(
      reasonOf(() => parametersFromJson(body)),
      'parameter_invalid',
      JSON.stringify(body),
    )
  }
})

t.test('the name of a wrong parameter is quoted, its value never', async (t) => {
  const work = () =>
    collectParameters([
      ['pa"ss\nword', 'first'],
      ['pa"ss\nword', 'hunter2'],
    ])
  t.throws(work, { message: /parameter pa\?ss\?word must not/ })
  t.throws(() => collectParameters([['x', 'hunter2\0']]), { message: /^(?!.*hunter2)/ })
  t.equal(quotable('é"\\\n'), '????')
  t.equal(quotable('x'.repeat(81)).length, 80)
})

t.test('an Authorization header is Basic, Bearer or cannot be read', async (t) => {
  const read: [string | undefined, object][] = [
    [undefined, { scheme: 'none' }],
    [basic('id:secret'), { scheme: 'basic', clientId: 'id', secret: 'secret' }],
    [basic('a%3Ab:c%2Bd+e:f'), { scheme: 'basic', clientId: 'a:b', secret: 'c+d e:f' }],
    [basic('id:'), { scheme: 'basic', clientId: 'id', secret: '' }],
    ['bAsIc   aWQ6c2VjcmV0', { scheme: 'basic', clientId: 'id', secret: 'secret' }],
    ['Bearer a.b-c_d~e+f/g==', { scheme: 'bearer', token: 'a.b-c_d~e+f/g==' }],
    ['bearer abc', { scheme: 'bearer', token: 'abc' }],
  ]
  for (const [header, expected] of read) {
    t.strictSame(parseAuthorization(header), expected, header ?? 'no header')
  }
  const malformed = {
    basic: ['Basic', 'Basic ', 'Basic !!', basic('nocolon'), basic(':secret'), basic('a:%zz')],
    bearer: ['Bearer', 'Bearer ', 'Bearer a b', 'Bearer ä', 'Bearer a,b', 'Bearer =a'],
    other: ['', ' ', 'Digest x', 'BasicaWQ6c2VjcmV0', ' Basic aWQ6c2VjcmV0', 'DPoP abc'],
  }
  malformed.basic.push(basic('a:b\0'), `Basic ${Buffer.from([97, 58, 255]).toString('base64')}`)
  for (const [said, headers] of Object.entries(malformed)) {
    for (const header of headers) {
      const expected = { scheme: 'malformed', said }
      t.strictSame(parseAuthorization(header), expected, JSON.stringify(header))
    }
  }
})

t.test('custom claims cannot pass for the service’s own', async (t) => {
  const reserved = ['iss', 'sub', 'aud', 'exp', 'iat', 'nbf', 'jti', 'client_id', 'scope', 'sid']
  for (const name of [...reserved, 'roles', 'cnf', 'act', 'auth_time', 'acr', 'amr', 'active']) {
    t.match(claimsProblem({ fine: 1, [name]: 'x' }), new RegExp(`reserved names: ${name}$`))
  }
  t.equal(claimsProblem({ tier: 'gold', limits: { a: [1, null, true] }, ISS: 'x' }), undefined)
  for (const value of [null, [], 'text', 1, undefined]) t.ok(claimsProblem(value))
  t.ok(claimsProblem({ '': 1 }), 'an empty name')
  t.ok(claimsProblem(JSON.parse('{"__proto__": 1}')), 'a name that is no ordinary one')
})

t.test('custom claims are bounded in size and depth, and storable', async (t) => {
  const nested = (depth: number): object => (depth === 0 ? {} : { a: nested(depth - 1) })
  t.equal(claimsProblem(nested(7)), undefined)
  t.match(claimsProblem(nested(8)), /nests too deeply/)
  t.match(
    claimsProblem(JSON.parse(`{"a":${'['.repeat(8000)}${']'.repeat(8000)}}`)),
    /nests too deeply/,
    'as deep as a body can be',
  )
  t.equal(claimsProblem({ a: 'x'.repeat(2048 - 8) }), undefined, 'exactly the limit')
  t.match(claimsProblem({ a: 'x'.repeat(2048 - 7) }), /2049 bytes, the limit is 2048/)
  t.match(claimsProblem({ a: 'é'.repeat(1024) }), /limit/, 'counted in bytes')
  for (const bad of ['\0', '\ud800', '\udfff']) {
    t.match(claimsProblem({ a: [bad] }), /a NUL or an unpaired surrogate/)
    t.match(claimsProblem({ [`a${bad}`]: 1 }), /a NUL or an unpaired surrogate/)
  }
  t.equal(claimsProblem({ a: '😀' }), undefined, 'a whole surrogate pair')
})

t.test(
  'invalid_grant is said only of facts, so that no token is thrown away for an outage',
  async (t) => {
    const grants = Object.entries(reasons).filter(([, [error]]) => error === 'invalid_grant')
    for (const [reason, [, status]] of grants) t.equal(status, 400, reason)
    const names = grants.map(([reason]) => reason)
    for (const reason of ['database_unavailable', 'not_ready', 'internal', 'login_queue_full']) {
      t.notOk(names.includes(reason), reason)
    }
    t.equal(new OAuthError('database_unavailable', 'x').status, 503)
    t.equal(new OAuthError('database_unavailable', 'x').error, 'temporarily_unavailable')
  },
)
