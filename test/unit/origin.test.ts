import t from 'tap'
import { cookieProblems } from '../../src/clients/cookie-problems.ts'
import { isOrigin, isSameSite } from '../../src/oauth/origin.ts'

t.test('an origin is exactly what a browser sends (RFC 6454 section 6.2)', async (t) => {
  for (const text of [
    'https://app.example',
    'https://app.example:8443',
    'http://localhost:5173',
    'http://web.localhost',
    'http://127.0.0.1:3000',
    'http://[::1]:3000',
  ]) {
    t.ok(isOrigin(text), text)
  }
  for (const text of [
    '',
    'null',
    '*',
    'https://*.example',
    'https://app.example/',
    'https://app.example/path',
    'https://app.example:443',
    'https://App.example',
    'https://user@app.example',
    'http://app.example',
    'file://',
    'app.example',
    'javascript:alert(1)',
    `https://${'a.'.repeat(200)}example`,
  ]) {
    t.notOk(isOrigin(text), text)
  }
})

t.test('one site is one scheme and one registrable domain', async (t) => {
  const auth = 'https://auth.example.com'
  t.ok(isSameSite('https://app.example.com', auth))
  t.ok(isSameSite('https://example.com:8443', auth))
  t.ok(isSameSite('http://localhost:5173', 'http://localhost:3000'))
  t.notOk(isSameSite('http://app.example.com', auth), 'another scheme')
  t.notOk(isSameSite('https://app.example.org', auth), 'another domain')
  t.notOk(isSameSite('https://one.github.io', 'https://two.github.io'), 'a public suffix')
  t.notOk(isSameSite('http://127.0.0.1:3000', 'http://localhost:3000'), 'another name')
})

t.test('what can never work is explained, and only for clients with cookies', async (t) => {
  const issuer = 'https://auth.example.com'
  const allowedOrigins = ['https://app.example.com', 'https://app.other.org', 'http://localhost:1']
  t.strictSame(cookieProblems({ allowedOrigins, refreshTokenIn: 'body' }, issuer), [])
  const problems = cookieProblems({ allowedOrigins, refreshTokenIn: 'cookie' }, issuer)
  t.equal(problems.length, 2)
  t.match(problems[0], /app\.other\.org.*different sites/)
  t.match(problems[1], /http:\/\/ and https:\/\/ are different sites/)
})
