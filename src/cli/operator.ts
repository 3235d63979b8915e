import { type Actor, noOrigin } from '../audit/event.ts'

/** Whoever runs commands here. */
export const operator: Actor = { by: 'operator', origin: noOrigin }
