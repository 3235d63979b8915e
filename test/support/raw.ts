import { connect } from 'node:net'
import type { Test } from 'tap'
import { createTestService, type ServiceOptions, type TestService } from './service.ts'
import { watchText } from './watch.ts'

/** A service that listens, and a way to send it bytes that no client would. */
export interface RawService {
  readonly service: TestService
  readonly port: number
  /** Sends the characters as bytes (Latin-1); all that comes back until the service hangs up. */
  send(bytes: string): Promise<string>
}

/** What came back for one request: its status, its header fields in lower case, and its body. */
export interface RawAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export async function listen(t: Test, options: ServiceOptions = {}): Promise<RawService> {
  const service = await createTestService(t, options)
  await service.app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = service.app.server.address() as { port: number }
  return {
    service,
    port,
    async send(bytes) {
      const socket = connect(port, '127.0.0.1')
      socket.write(bytes, 'latin1')
      let text = ''
      for await (const chunk of socket) text += chunk
      const isMinimal = service.parts.errorDetail === 'minimal'
      if (statuses(text).length === 1) watchText(t, text, isMinimal)
      return text
    },
  }
}

/** Reads the one answer that came back, with a Content-Length or none. */
export function readAnswer(text: string): RawAnswer {
  const at = text.indexOf('\r\n\r\n')
  const [line = '', ...fields] = text.slice(0, at).split('\r\n')
  const headers = fields.map((field) => {
    const colon = field.indexOf(':')
    return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()]
  })
  return {
    status: Number(line.split(' ')[1]),
    headers: Object.fromEntries(headers),
    body: text.slice(at + 4),
  }
}

/** The status of every answer in what came back, in their order. */
export function statuses(text: string): number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status))
}
