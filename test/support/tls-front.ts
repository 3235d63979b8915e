import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type IncomingMessage, request, type ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'

/** What answers for a host: the address of a server behind, or a function. */
export type Behind = string | ((request: IncomingMessage, response: ServerResponse) => void)

/**
 * An https server that stands before others, by host name, as a proxy does. Its certificate is of the
 * moment and of nobody. Returns its port; closed at the end of the test.
 */
export async function startTlsFront(t: Test, hosts: Record<string, Behind>): Promise<number> {
  const server = createServer(makeCertificate(t), (request, response) => {
    const behind = hosts[request.headers.host ?? '']
    if (behind === undefined) response.writeHead(404).end()
    else if (typeof behind === 'function') behind(request, response)
    else pass(request, response, behind)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

function pass(from: IncomingMessage, to: ServerResponse, base: string): void {
  const { method, headers, url = '/' } = from
  const onward = request(new URL(url, base), { method, headers, setHost: false }, (answer) => {
    to.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(to)
  })
  onward.on('error', () => to.destroy())
  from.pipe(onward)
}

function makeCertificate(t: Test): { key: Buffer; cert: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), 'mintmark-test-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => join(folder, name)) as [string, string]
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      ...curve,
      '-nodes',
      '-days',
      '2',
      '-subj',
      '/CN=test',
      '-keyout',
      key,
      '-out',
      cert,
    ],
    { stdio: 'ignore' },
  )
  return { key: readFileSync(key), cert: readFileSync(cert) }
}
