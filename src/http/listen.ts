import type { FastifyInstance } from 'fastify'

/**
 * Listens on every address of a host; rejects with the system's error when it cannot.
 * @param what stands before the address in the log
 * @param opens is told, before anything is open, how to close it: once what is under way is answered
 */
export async function listen(
  app: FastifyInstance,
  place: { what: string; host: string; port: number },
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
  await listening
}
