import type { RecordedEvent } from '../audit/read/store.ts'

/** Says what an event means, in one sentence. */
export type Tell = (event: RecordedEvent) => string

/** A text that an event's detail has under that name; undefined where it has none. */
export function textOf({ detail }: RecordedEvent, name: string): string | undefined {
  const value = detail[name]
  return typeof value === 'string' ? value : undefined
}

/** A number of it; undefined where it has none. */
export function numberOf({ detail }: RecordedEvent, name: string): number | undefined {
  const value = detail[name]
  return typeof value === 'number' ? value : undefined
}

/** How many generations a refresh token was behind its session when it was presented. */
export function distanceOf(event: RecordedEvent): number | undefined {
  const [generation, presented] = [numberOf(event, 'generation'), numberOf(event, 'presented')]
  return generation === undefined || presented === undefined ? undefined : generation - presented
}
