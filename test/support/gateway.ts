import { deepEqual } from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import { until } from './process.ts'

/** Why tests of a gateway are skipped here; false where its files are. */
export function without(...files: string[]): string | false {
  const missing = files.find((file) => !existsSync(file))
  return missing === undefined ? false : `there is no ${missing}`
}

/** What stands behind a gateway: it tells what it was sent. Closed at the end of the test. */
export async function startUpstream(t: Test): Promise<string> {
  const server = createServer((asked, answer) => answer.end(JSON.stringify(asked.headers)))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A gateway that runs. */
export interface RunningGateway {
  readonly pid: number
  /**
   * Asks as a client that would like to be somebody else; tells what the upstream was sent. Fails when
   * that is a header that only looks like one of the gateway's.
   */
  ask(...authorization: string[]): Promise<GatewayAnswer>
}

export interface GatewayAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** What the upstream was sent; undefined when it was not asked. */
  readonly upstream: IncomingHttpHeaders | undefined
}

/** Starts a gateway in the foreground; killed at the end of the test. */
export async function startGateway(
  t: Test,
  port: number,
  [program = '', ...args]: string[],
): Promise<RunningGateway> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const ended = once(child, 'exit')
  t.teardown(async () => {
    endGroup(child)
    await ended
  })
  await until(program, async () => {
    if (child.exitCode !== null) throw new Error(`it ended: ${said}`)
    return ask(port).catch(() => undefined)
  })
  return { pid: child.pid as number, ask: (...authorization) => ask(port, ...authorization) }
}

/** It and its workers, which do not all notice that it is gone. */
function endGroup({ pid }: ChildProcess): void {
  try {
    process.kill(-(pid as number), 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

/** WSGI, CGI and PHP read all of these as the header with dashes. */
const LOOKALIKES = ['Subject', 'Client', 'Scope'].flatMap((what) =>
  ['X_Auth_', 'X-Auth_', 'x_auth-'].map((start) => start + what),
)

async function ask(port: number, ...authorization: string[]): Promise<GatewayAnswer> {
  const own = { 'X-Auth-Subject': 'evil', 'x-auth-client': 'evil', 'X-Auth-Scope': 'evil' }
  const headers = {
    ...own,
    ...Object.fromEntries(LOOKALIKES.map((name) => [name, 'evil'])),
    ...(authorization.length > 0 && { Authorization: authorization }),
  }
  const asked = request({ port, path: '/orders', headers, agent: false })
  asked.end()
  const [answer] = await once(asked, 'response')
  let body = ''
  for await (const chunk of answer) body += chunk
  const { statusCode: status } = answer
  const upstream = status === 200 ? JSON.parse(body) : undefined
  const smuggled = Object.keys(upstream ?? {}).filter((name) => /^x(?!-auth-).auth./.test(name))
  deepEqual(smuggled, [])
  return { status, headers: answer.headers, upstream }
}
