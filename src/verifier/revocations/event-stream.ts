/** An event of a stream, as the HTML standard reads it ("Server-sent events", §9.2.6). */
export interface StreamEvent {
  readonly event: string
  readonly data: string
}

/** Reads an event stream piece by piece, wherever it was cut. */
export interface EventStreamReader {
  /** The events that are complete by now. Throws when what is not complete grows over the limit. */
  push(bytes: Uint8Array): StreamEvent[]
  /** What the stream last said of how long to wait before connecting again, in milliseconds. */
  readonly retry: number | undefined
}

/** @param limit how many characters an event may have */
export function createEventStreamReader(limit: number): EventStreamReader {
  // It leaves out a byte order mark, and keeps a letter that was cut in two for the next piece.
  const decoder = new TextDecoder()
  let rest = ''
  let endedByReturn = false
  let event = ''
  let data: string[] = []
  let size = 0
  let retry: number | undefined

  const take = (line: string): StreamEvent | undefined => {
    if (line === '') {
      const complete = { event: event === '' ? 'message' : event, data: data.join('\n') }
      const isEvent = data.length > 0
      event = ''
      data = []
      size = 0
      return isEvent ? complete : undefined
    }
    const colon = line.indexOf(':')
    const name = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? '' : line.slice(colon + (line[colon + 1] === ' ' ? 2 : 1))
    if (name === 'event') event = value
    if (name === 'retry' && /^\d{1,9}$/.test(value)) retry = Number(value)
    if (name === 'data') {
      data.push(value)
      size += value.length
    }
    return undefined
  }

  return {
    push(bytes) {
      const piece = decoder.decode(bytes, { stream: true })
      // A line that ended with a carriage return may go on with the line feed that belongs to it.
      const text = endedByReturn && piece.startsWith('\n') ? piece.slice(1) : piece
      if (piece !== '') endedByReturn = piece.endsWith('\r')
      const lines = (rest + text).split(/\r\n|\r|\n/)
      rest = lines.pop() ?? ''
      const events = lines.flatMap((line) => take(line) ?? [])
      if (rest.length + size > limit) throw new Error(`an event is larger than ${limit} characters`)
      return events
    },
    get retry() {
      return retry
    },
  }
}
