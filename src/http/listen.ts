import { isIPv6 } from 'node:net'
import type { FastifyInstance } from 'fastify'

/** Where to listen. */
export interface Place {
  /** What stands before the address in the log. */
  readonly what: string
  readonly host: string
  readonly port: number
  /** The variables of the configuration that say so. */
  readonly variables: { readonly host: string; readonly port: string }
}

/** Where somebody on this machine finds what listens on a host and a port. */
export function localUrl(host: string, port: number): string {
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host
  return `http://${isIPv6(name) ? `[${name}]` : name}:${port}`
}

/** The system does not let us listen there; the message says what to set to what. */
export class CannotListen extends Error {
  override readonly name = 'CannotListen'
  /** Somebody else has the port. */
  readonly isTaken: boolean

  constructor(place: Place, code: string | undefined) {
    super(explain(place, code))
    this.isTaken = code === 'EADDRINUSE'
  }
}

/**
 * Listens on every address of a host. Throws CannotListen.
 * @param opens is told, before anything is open, how to close it: once what is under way is answered
 */
export async function listen(
  app: FastifyInstance,
  place: Place,
  opens: (close: () => Promise<void>) => void,
): Promise<void> {
  const { what, host, port } = place
  let listening: Promise<unknown> = Promise.resolve()
  opens(async () => {
    // Fastify does not survive a close between its first address and its second.
    await listening.catch(() => {})
    await app.close()
  })
  listening = app.listen({ host, port, listenTextResolver: (address) => `${what} on ${address}` })
  try {
    await listening
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException
    const isOfSystem = syscall === 'listen' || syscall === 'bind' || syscall === 'getaddrinfo'
    throw isOfSystem ? new CannotListen(place, code) : error
  }
}

function explain({ host, port, variables }: Place, code: string | undefined): string {
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} is in use: stop the other program, or set ${variables.port} to a free one.`
    case 'EACCES':
      return `Port ${port} is not for this user: set ${variables.port} to one above 1023.`
    default:
      return `${host} is no address of this machine (${code}): set ${variables.host} to one, or to 0.0.0.0 for all of them.`
  }
}
