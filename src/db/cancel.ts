import pg from 'pg'

/** For how long to try. In milliseconds. */
const LIMIT_MS = 1_000

/** What a cancel request needs to know of a connection; the driver's types leave it out. */
interface Cancellable {
  readonly host: string
  readonly port: number
  readonly ssl: boolean | object
  readonly processID: number | null
  readonly secretKey: number | null
}

interface CancelConnection extends pg.Connection {
  connect(portOrPath: number | string, host?: string): void
  requestSsl(): void
  cancel(processID: number, secretKey: number): void
}

/**
 * Asks the server, or the pooler before it, to cancel what a connection waits for (PostgreSQL's
 * protocol, "Canceling Requests in Progress"). Returns when it was asked, or could not be within a
 * second: nobody says what came of it. The connection must still be open: by it a pooler knows which
 * of its server connections is meant.
 */
export function cancel(client: pg.PoolClient): Promise<void> {
  const { host, port, ssl, processID, secretKey } = client as unknown as Cancellable
  if (processID === null || secretKey === null) return Promise.resolve()
  const connection = new pg.Connection({ ssl } as pg.ConnectionConfig) as CancelConnection
  const { promise: ended, resolve } = Promise.withResolvers<void>()
  const limit = setTimeout(resolve, LIMIT_MS)
  connection.once('connect', () =>
    ssl ? connection.requestSsl() : connection.cancel(processID, secretKey),
  )
  connection.once('sslconnect', () => connection.cancel(processID, secretKey))
  connection.on('error', resolve)
  connection.once('end', resolve)
  if (host.startsWith('/')) connection.connect(`${host}/.s.PGSQL.${port}`)
  else connection.connect(port, host)
  return ended.finally(() => {
    clearTimeout(limit)
    connection.stream.destroy()
  })
}
