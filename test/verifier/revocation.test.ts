import { setImmediate } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { RevocationOptions, Verifier } from '../../src/verifier/types.ts'
import { createVerifier } from '../../src/verifier/verifier.ts'
import { createTestService, ISSUER, ORDERS, type TestService } from '../support/service.ts'

const OPERATOR = {
  by: 'operator',
  origin: { requestId: undefined, address: undefined, userAgent: undefined },
}

/** A sibling of the service, by the same clock. */
async function openSibling(t: Test, service: TestService, by: RevocationOptions['by']) {
  const address = await service.app.listen({ host: '127.0.0.1', port: 0 })
  const verifier = createVerifier({
    issuer: ISSUER,
    audience: ORDERS,
    jwksUri: `${address}/.well-known/jwks.json`,
    revocation: { by, url: `${address}/.well-known/revocations`, whenStale: 'closed' },
    clock: () => service.clock.now(),
  })
  t.teardown(() => verifier.close())
  return verifier
}

/** Until what was asked for has come over the wire; the runner's time limit ends it otherwise. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await setImmediate()
}

const known = (verifier: Verifier) => verifier.stats().revocations

for (const by of ['poll', 'stream'] as const) {
  t.test(`what the service ended is refused by a sibling that learns by ${by}`, async (t) => {
    const service = await createTestService(t)
    await service.parts.revocationFeed.read()
    const verifier = await openSibling(t, service, by)
    const next = async () => {
      const { fetches, seq } = known(verifier)
      await service.parts.revocationFeed.read()
      if (by === 'stream') return until(() => known(verifier).seq !== seq)
      // Thirty seconds, and a tenth of them at most so that siblings do not all ask at once.
      service.clock.advance(33)
      await verifier.ready()
      await until(() => known(verifier).fetches > fetches && known(verifier).seq !== seq)
    }
    const [one, two] = [await service.logIn(), await service.logIn()]
    const refused = (token: string) => t.rejects(verifier.verify(token), { code: 'token_revoked' })

    await t.resolves(verifier.verify(one.tokens.access_token))
    await service.post('/logout', { refresh_token: one.tokens.refresh_token })
    await next()
    await refused(one.tokens.access_token)
    await t.resolves(verifier.verify(two.tokens.access_token))

    service.clock.advance(1)
    await service.parts.cutOffs.set({ kind: 'user', id: two.sub }, undefined, OPERATOR)
    await next()
    await refused(two.tokens.access_token)
  })
}
