import { readFile } from 'node:fs/promises'
import t from 'tap'
import { createTestService } from './support/service.ts'

const COMMITTED = new URL('../openapi/public.json', import.meta.url)
const METHODS = new Set(['get', 'post', 'put', 'patch', 'delete'])

interface Operation {
  operationId?: string
  summary?: string
  tags?: string[]
  security?: unknown[]
  responses: Record<string, { description?: string }>
}

t.test('openapi/public.json is what the routes say; "npm run openapi" writes it', async (t) => {
  const { app } = await createTestService(t)
  const served = (await app.inject('/openapi.json')).json()
  const committed = JSON.parse(await readFile(COMMITTED, 'utf8'))
  // The version is the package's, which the fixture does not know.
  served.info.version = committed.info.version
  t.strictSame(served, committed)
})

t.test(
  'every operation has a stable name, a summary, a tag, its security and its errors',
  async (t) => {
    const document = JSON.parse(await readFile(COMMITTED, 'utf8'))
    const tags: string[] = document.tags.map((tag: { name: string }) => tag.name)
    const operations = Object.values(document.paths as Record<string, Record<string, Operation>>)
      .flatMap((path) => Object.entries(path))
      .filter(([method]) => METHODS.has(method))
      .map(([, operation]) => operation)
    t.ok(operations.length >= 15, `${operations.length} operations`)
    const names = operations.map((operation) => operation.operationId)
    t.equal(new Set(names).size, operations.length, 'operationIds are distinct')
    for (const operation of operations) {
      const { operationId = '', summary, security, responses } = operation
      t.match(operationId, /^[a-z][A-Za-z]+$/)
      t.ok(summary, `${operationId} has a summary`)
      t.ok(
        operation.tags?.every((tag) => tags.includes(tag)),
        `${operationId} has a known tag`,
      )
      t.ok(Array.isArray(security), `${operationId} states its security`)
      for (const [status, response] of Object.entries(responses)) {
        t.ok(response.description, `${operationId} describes its ${status}`)
        t.not(response.description, 'Default Response', `${operationId} describes its ${status}`)
      }
    }
  },
)

t.test('Swagger UI comes from the service itself, under a strict policy', async (t) => {
  const { app } = await createTestService(t)
  const page = await app.inject('/docs/')
  t.equal(page.statusCode, 200)
  t.match(page.headers['content-security-policy'], /default-src 'none'/)
  t.notMatch(page.headers['content-security-policy'], /unsafe/)
  t.notMatch(page.body, /(src|href)="(https?:)?\/\//, 'nothing comes from elsewhere')
})
