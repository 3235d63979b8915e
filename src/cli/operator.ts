import { noOrigin } from '../audit/event.ts'
import type { Actor } from '../sessions/end.ts'

/** Whoever runs commands here. */
export const operator: Actor = { by: 'operator', origin: noOrigin }
