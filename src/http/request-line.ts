/** The beginning of a request that Node's parser gave up on (RFC 9112 §3). */
export interface RequestLine {
  readonly method: string
  readonly target: string
  /** Whether the line was all there, down to its HTTP version. */
  readonly isWhole: boolean
  /** The page that asks, if its header came that far. */
  readonly origin: string | undefined
}

/** Node's error on a connection, with the bytes that it came upon. */
export interface ParserError extends NodeJS.ErrnoException {
  rawPacket?: unknown
  /** Where in the packet it stopped. */
  bytesParsed?: number | undefined
}

const LINE = /^([\w!#$%&'*+.^`|~-]{1,40}) (\S+)( HTTP\/\d\.\d\r\n)?/

const ORIGIN = /\r\norigin:[ \t]*([^\s]+)[ \t]*\r\n/i

/** Reads the request line that an error is about; undefined when its packet does not begin with one. */
export function readRequestLine({
  rawPacket,
  bytesParsed = 0,
}: ParserError): RequestLine | undefined {
  if (!Buffer.isBuffer(rawPacket)) return undefined
  // Earlier requests may have come in the same packet.
  const end = rawPacket.lastIndexOf('\r\n\r\n', Math.max(bytesParsed - 4, 0))
  const text = rawPacket.toString('latin1', end === -1 ? 0 : end + 4)
  const [, method, target, version] = LINE.exec(text) ?? []
  if (method === undefined || target === undefined) return undefined
  const [, origin] = ORIGIN.exec(text) ?? []
  return { method, target, isWhole: version !== undefined, origin }
}
