import { fileURLToPath } from 'node:url'
import type { LoadGenerator } from '../../load/load.ts'
import type { ScenarioName } from '../../scenarios/names.ts'
import type { Contestant } from '../contestant.ts'
import { enterByHttp, only } from '../http-entry.ts'
import { freePort, startProgram } from '../program.ts'

/**
 * Starts a bare Fastify that answers a constant, in a process of its own.
 * @param sizeOf how many bytes the answer has in a scenario; undefined where it is no reference
 */
export async function startFastify(
  send: LoadGenerator,
  sizeOf: (scenario: ScenarioName) => Promise<number | undefined>,
): Promise<Contestant> {
  const port = await freePort()
  const file = fileURLToPath(new URL('server.ts', import.meta.url))
  const program = startProgram(file, { PORT: String(port) })
  await program.printed('ready')
  return {
    name: 'bare Fastify',
    kind: 'reference',
    pid: program.pid,
    databaseUrl: undefined,
    async enter(scenario) {
      const bytes = await sizeOf(scenario)
      if (bytes === undefined) return undefined
      const work = { method: 'GET', path: `/constant/${bytes}`, headers: {} } as const
      return enterByHttp(send, `http://127.0.0.1:${port}`, only(work))
    },
    close: program.close,
  }
}
