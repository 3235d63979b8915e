import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { reasons } from '../src/oauth/reasons.ts'
import { committed, type Media, schemaBreach } from './support/contract.ts'
import { createTestService } from './support/service.ts'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** Every operation of the committed document, and its place in it. */
const operations = Object.entries(committed.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    place: ['paths', path, method],
    operation,
  })),
)

/** The answers of an operation that have a body, and the place of each. */
const answersOf = ({ place, operation }: (typeof operations)[number]) =>
  Object.entries(operation.responses).flatMap(([status, { content = {} }]) =>
    Object.entries(content).map(([mediaType, media]) => ({
      name: `${operation.operationId} ${status}`,
      status: Number(status),
      mediaType,
      media,
      place: [...place, 'responses', status, 'content', mediaType],
    })),
  )

const valuesOf = ({ examples = {} }: Media) => Object.entries(examples)

t.test('openapi/public.json is what the routes say; "npm run openapi" writes it', async (t) => {
  const { app } = await createTestService(t)
  const served = (await app.inject('/openapi.json')).json()
  // The version is the package's, which the fixture does not know.
  served.info.version = committed.info.version
  t.strictSame(served, committed)
})

t.test('Redocly finds nothing to say, not even a warning', async (t) => {
  const args = ['lint', 'openapi/public.json', '--format=json']
  const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' }
  const bin = 'node_modules/.bin/redocly'
  const { stdout } = await run(bin, args, { cwd: ROOT, env }).catch((failed) => failed)
  t.match(JSON.parse(stdout), { totals: { errors: 0, warnings: 0 } }, stdout)
})

t.test('every operation has a stable name, a summary, a tag and its security', async (t) => {
  t.ok(operations.length >= 15, `${operations.length} operations`)
  const tags = committed.tags.map(({ name }) => name)
  const names = operations.map(({ operation }) => operation.operationId)
  t.equal(new Set(names).size, operations.length, 'operationIds are distinct')
  for (const { operation } of operations) {
    const { operationId, summary, security } = operation
    t.match(operationId, /^[a-z][A-Za-z]+$/)
    t.ok(summary, `${operationId} has a summary`)
    t.equal(operation.tags.length, 1, `${operationId} stands once`)
    t.ok(tags.includes(operation.tags[0] ?? ''), `${operationId} has a known tag`)
    const schemes = security.flatMap(Object.keys)
    t.ok(
      schemes.every((scheme) => scheme in committed.components.securitySchemes),
      `${operationId} states its security`,
    )
  }
  const order = operations.map(({ operation }) => tags.indexOf(operation.tags[0] ?? ''))
  const distinct = order.filter((tag, index) => tag !== order[index - 1])
  t.strictSame(distinct.slice(0, 2), [0, 1], 'the tour begins with tokens and what they say')
})

t.test(
  'every answer has a description, and a body has its schema and examples of it',
  async (t) => {
    for (const one of operations) {
      const { operationId, responses } = one.operation
      for (const [status, { description }] of Object.entries(responses)) {
        t.ok(description && description !== 'Default Response', `${operationId} ${status}`)
      }
      t.ok(
        ['400', '415', '500'].every((status) => status in responses),
        `${operationId} can fail`,
      )
      for (const { name, place, media } of answersOf(one)) {
        t.ok(valuesOf(media).length > 0, `${name} has an example`)
        for (const [example, { value }] of valuesOf(media)) {
          t.equal(schemaBreach([...place, 'schema'], value), undefined, `${name}: ${example}`)
        }
      }
    }
  },
)

t.test('every example of an error is named after its reason, and has its status', async (t) => {
  let seen = 0
  for (const { name, status, mediaType, media } of operations.flatMap(answersOf)) {
    // A report of what is not ready is no error.
    if (status < 400 || name === 'getReadiness 503') continue
    for (const [example, { value }] of valuesOf(media)) {
      seen += 1
      const body = value as Record<string, string | number>
      if (mediaType === 'application/problem+json') {
        t.match(body, { code: example, status }, name)
        continue
      }
      const [error, expected] = reasons[example as keyof typeof reasons]
      t.equal(expected, status, `${name}: ${example}`)
      t.match(body, { reason: example, error }, name)
    }
  }
  t.ok(seen > 150, `${seen} examples`)
})

t.test('every body and parameter to send has examples, which fit their schemas', async (t) => {
  let seen = 0
  for (const { place, operation } of operations) {
    const { operationId, parameters = [], requestBody } = operation
    for (const { name, in: where, example } of parameters) {
      if (where === 'path') t.equal(typeof example, 'string', `${operationId}: ${name}`)
    }
    for (const [mediaType, media] of Object.entries(requestBody?.content ?? {})) {
      t.ok(valuesOf(media).length > 0, `${operationId} has an example as ${mediaType}`)
      for (const [example, { value }] of valuesOf(media)) {
        const schema = [...place, 'requestBody', 'content', mediaType, 'schema']
        t.equal(schemaBreach(schema, value), undefined, `${operationId}: ${example}`)
        seen += 1
      }
    }
  }
  t.ok(seen >= 15, `${seen} examples`)
})

t.test('the document holds no secret', async (t) => {
  const text = JSON.stringify(committed)
  t.notMatch(text, /mm_cs_[\w-]{20}/)
  t.notMatch(text, 'x-development')
})
