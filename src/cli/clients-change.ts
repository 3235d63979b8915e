import { findClient } from '../clients/store.ts'
import type { CutOffResult } from '../sessions/cut-off.ts'
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
    const rotation = await rotateClientSecret(clientId, options.overlap, operator)
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
  const result = await withDeployment([], ({ cutOffs }) => cutOffs.deleteClient(clientId, operator))
  return toldCutOff(clientId, 'Deleted', result)
}

/** Lets a client do nothing any more, and ends its sessions. */
export async function disableClient(clientId: string): Promise<Answer> {
  const result = await withDeployment([], ({ cutOffs }) =>
    cutOffs.disableClient(clientId, operator),
  )
  return toldCutOff(clientId, 'Disabled', result)
}

/** Lets a disabled client work again. */
export async function enableClient(clientId: string): Promise<Answer> {
  const isThere = await withDeployment([], ({ cutOffs }) =>
    cutOffs.enableClient(clientId, operator),
  )
  if (!isThere) throw unknownClient(clientId)
  return {
    json: { client_id: clientId },
    text: `Enabled client ${clientId}. Sessions that ended stay ended: their users log in again.`,
  }
}

function toldCutOff(clientId: string, did: string, result: CutOffResult | undefined): Answer {
  if (result === undefined) throw unknownClient(clientId)
  const { ended, more } = result
  return {
    json: { client_id: clientId, sessions_ended: ended, more },
    text: `${did} client ${clientId} and ended ${more ? 'more than ' : ''}${count(ended, 'session')}.`,
    notes: [OFFLINE_NOTE],
  }
}
