import { noOrigin } from '../audit/event.ts'
import { findClient } from '../clients/store.ts'
import type { Answer } from './answer.ts'
import { unknownClient } from './clients-show.ts'
import { withDeployment } from './deployment.ts'
import { CommandFailure } from './failure.ts'
import { operator } from './operator.ts'
import { OFFLINE_NOTE } from './sessions-end.ts'
import { count, facts } from './table.ts'
import { iso, whenAndHowFar } from './times.ts'

/** Gives a client a new secret and tells it. */
export function rotateSecret(clientId: string, options: { overlap: number }): Promise<Answer> {
  return withDeployment([], async ({ database, clock, rotateClientSecret }) => {
    const rotation = await rotateClientSecret(clientId, options.overlap, noOrigin)
    if (rotation.outcome === 'no_secret') {
      if ((await findClient(database.kysely, clientId)) === undefined) throw unknownClient(clientId)
      const message = `${clientId} is a public client (auth method none): it has no secret`
      throw new CommandFailure('client_is_public', message)
    }
    const { secret, previousSecretExpiresAt: end } = rotation
    const until =
      options.overlap === 0
        ? 'The secret before has stopped working.'
        : `The secret before works until ${whenAndHowFar(end, clock.now())}.`
    return {
      json: {
        client_id: clientId,
        client_secret: secret,
        previous_secret_expires_at: iso(end),
      },
      text: `${facts({ client_id: clientId, client_secret: secret })}\n\n${until}`,
      notes: ['The secret is shown this once; only its hash is kept.'],
    }
  })
}

/** Deletes a client and ends its sessions. */
export async function deleteClient(clientId: string): Promise<Answer> {
  const ended = await withDeployment([], ({ endSessions }) =>
    endSessions.deleteClient(clientId, operator),
  )
  if (ended === undefined) throw unknownClient(clientId)
  return {
    json: { client_id: clientId, sessions_ended: ended.length },
    text: `Deleted client ${clientId} and ended ${count(ended.length, 'session')}.`,
    notes: [OFFLINE_NOTE],
  }
}
