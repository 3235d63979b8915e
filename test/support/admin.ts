import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import type { Test } from 'tap'
import { createAdminApp } from '../../src/http/admin-app.ts'
import { type AdminScope, adminScopes } from '../../src/oauth/admin-scopes.ts'
import { adminContract } from './contract.ts'
import { ISSUER, type TestClient, type TestService, type Tokens } from './service.ts'
import { watchApp } from './watch.ts'

/** The admin API of a service, and a client that may do everything there. */
export interface TestAdmin {
  app: FastifyInstance
  operator: TestClient
  /** Asks in the operator's name, unless headers say otherwise. */
  ask(
    line: string,
    more?: { payload?: object; headers?: Record<string, string> },
  ): Promise<LightMyRequestResponse>
  /** An access token of a new client with these scopes. */
  tokenWith(scope: readonly AdminScope[], audience?: string): Promise<string>
}

/** Starts it; closed at the end of the test, before the service. */
export async function createTestAdmin(t: Test, service: TestService): Promise<TestAdmin> {
  const app = await createAdminApp({ ...service.parts, version: '0.0.0' })
  watchApp(t, app, false, adminContract)
  t.teardown(() => app.close())
  const add = (scope: readonly AdminScope[], audience = ISSUER) =>
    service.addClient({
      authenticationMethod: 'client_secret_basic',
      grantTypes: ['client_credentials'],
      scope: [...scope],
      audience: [audience],
    })
  const tokenOf = async ({ basic }: TestClient) => {
    const answer = await service.post('/token', { grant_type: 'client_credentials' }, basic)
    return answer.json<Tokens>().access_token
  }
  const operator = await add(adminScopes)
  const token = await tokenOf(operator)
  return {
    app,
    operator,
    ask(line, { payload, headers = {} } = {}) {
      const [method, url] = line.split(' ') as ['GET', string]
      const all = { authorization: `Bearer ${token}`, ...headers }
      return app.inject({ method, url, headers: all, ...(payload && { payload }) })
    },
    tokenWith: async (scope, audience) => tokenOf(await add(scope, audience)),
  }
}
