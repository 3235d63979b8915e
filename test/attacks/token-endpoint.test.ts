import { attack } from '../support/attacks.ts'
import { createTestService } from '../support/service.ts'

attack(44, 'the token endpoint takes POST alone', async (t) => {
  const service = await createTestService(t)
  for (const method of ['GET', 'PUT', 'HEAD', 'DELETE', 'PATCH'] as const) {
    const answer = await service.inject({ method, url: '/token' })
    t.equal(answer.statusCode, 405, method)
    t.equal(answer.headers.allow, 'POST', method)
  }
})
