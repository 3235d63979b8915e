import t from 'tap'
import { noOrigin } from '../../src/audit/event.ts'
import { listAddresses } from '../../src/sessions/devices/store.ts'
import { query } from '../support/database.ts'
import { createTestService } from '../support/service.ts'

t.test('a user is known where a session of the user is or was', async (t) => {
  const service = await createTestService(t)
  const { kysely } = service.parts.database
  const backend = await service.addBackend()
  const { clientId } = await service.addClient()
  const start = (sub: string, address?: string) =>
    service.inject({
      method: 'POST',
      url: '/sessions',
      headers: backend.basic,
      payload: { sub, client_id: clientId, ...(address && { device: { address } }) },
    })
  for (const address of ['192.0.2.1', '192.0.2.2', '192.0.2.1', undefined]) {
    t.equal((await start('one', address)).statusCode, 201)
    service.clock.advance(1)
  }
  await start('two', '192.0.2.3')
  t.strictSame(await listAddresses(kysely, 'one'), ['192.0.2.1', '192.0.2.2'], 'the latest first')
  const actor = { by: 'one', origin: noOrigin }
  await service.parts.endSessions.end({ sub: 'one' }, 'logged_out', actor)
  t.strictSame(await listAddresses(kysely, 'one'), ['192.0.2.1', '192.0.2.2'], 'after they ended')
  t.strictSame(await listAddresses(kysely, 'nobody'), [])
  await query(service.databaseUrl, 'delete from sessions')
  t.strictSame(await listAddresses(kysely, 'one'), [], 'until their rows are deleted')
})
