import type { FastifyRequest } from 'fastify'
import type { Actor } from '../../audit/event.ts'
import { originOf } from '../plugins/request-log.ts'

/** Who does what a request of the admin API asks for: the client of its token. */
export function actorOf(request: FastifyRequest): Actor {
  return { by: request.user.client_id, origin: originOf(request) }
}
