import { readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { LoadGenerator } from '../load/load.ts'
import type { Work } from '../load/work.ts'
import type { ScenarioName } from '../scenarios/names.ts'
import type { Contestant } from './contestant.ts'
import { enterByHttp, only } from './http-entry.ts'
import { freePort, startProgram } from './program.ts'

/** The folders of bench/peers, each with a server.ts. */
export const PEERS = ['oidc-provider', 'better-auth', 'oauth2-server'] as const

/**
 * Starts a peer on an empty database, where it seeds itself, and waits until it is ready.
 * Rejects when it ends before.
 */
export async function startPeer(
  name: string,
  options: { databaseUrl: string; chains: number; send: LoadGenerator },
): Promise<Contestant> {
  const { databaseUrl, chains, send } = options
  const port = await freePort()
  const workFile = join(tmpdir(), `mintmark-bench-${process.pid}-${name}.json`)
  const program = startProgram(
    fileURLToPath(new URL(`../peers/${name}/server.ts`, import.meta.url)),
    {
      DATABASE_URL: databaseUrl,
      PORT: String(port),
      CHAINS: String(chains),
      WORK_FILE: workFile,
    },
  )
  try {
    await program.printed('ready')
    const works: Partial<Record<ScenarioName, Work>> = JSON.parse(await readFile(workFile, 'utf8'))
    return {
      name,
      kind: 'peer',
      pid: program.pid,
      databaseUrl,
      async enter(scenario) {
        const work = works[scenario]
        return work && enterByHttp(send, `http://127.0.0.1:${port}`, only(work))
      },
      close: program.close,
    }
  } catch (error) {
    await program.close()
    throw error
  } finally {
    await rm(workFile, { force: true })
  }
}
