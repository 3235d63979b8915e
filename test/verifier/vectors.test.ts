import { readFileSync } from 'node:fs'
import t from 'tap'
import type { Vector } from '../../scripts/vectors/vector.ts'
import { VerifyError } from '../../src/verifier/errors.ts'
import type { Verifier } from '../../src/verifier/types.ts'
import { createVerifier } from '../../src/verifier/verifier.ts'

interface File {
  issuer: string
  audience: string
  now: number
  clock_tolerance: number
  jwks: Vector['jwks']
  vectors: Vector[]
}

const text = readFileSync(new URL('../../src/verifier/vectors.json', import.meta.url), 'utf8')
const file: File = JSON.parse(text)

/** A verifier as the note of the file asks for. */
function verifierOf({ jwks = file.jwks }: Vector): Verifier {
  const { issuer, audience, now, clock_tolerance: clockTolerance } = file
  const fetch = async (url: string | URL | Request) =>
    String(url).endsWith('/jwks.json') ? Response.json(jwks) : new Response(null, { status: 404 })
  return createVerifier({ issuer, audience, clockTolerance, clock: () => now * 1000, fetch })
}

t.test('each vector is taken for what it is, by verify and by explain', async (t) => {
  for (const vector of file.vectors) {
    const { name, token, scope, expected, why } = vector
    const verifier = verifierOf(vector)
    t.teardown(() => verifier.close())
    const options = scope === undefined ? {} : { scope }
    const outcome = await verifier.verify(token, options).then(
      () => 'accepted',
      (error: VerifyError) => (error instanceof VerifyError ? error.code : String(error)),
    )
    t.equal(outcome, expected, `${name}: ${why}`)
    const { code = 'accepted', good } = await verifier.explain(token, options)
    t.equal(code, expected, `${name}, explained`)
    t.equal(good, expected === 'accepted', `${name}, judged`)
  }
})

t.test('the file has vectors of every kind, small enough to be carried about', async (t) => {
  const names = new Set(file.vectors.map(({ name }) => name))
  t.equal(names.size, file.vectors.length, 'each has a name of its own')
  t.ok(file.vectors.length > 200, `${file.vectors.length} vectors`)
  t.ok(text.length < 150_000, `${text.length} bytes`)
  for (const alg of ['es256', 'rs256', 'ps256', 'eddsa', 'es384']) t.ok(names.has(`good-${alg}`))
  const codes = new Set(file.vectors.map(({ expected }) => expected))
  t.ok(codes.size >= 15, [...codes].join(', '))
  for (const { jwks = file.jwks, name } of file.vectors) {
    const hasPrivate = jwks?.keys.some((key) => 'd' in key) ?? false
    t.equal(hasPrivate, name === 'published-private', `${name}: keys without their private half`)
  }
})
