/**
 * Reads the body of an answer as text, in UTF-8.
 * @param limit in bytes; a longer body is refused, and no more of it is taken
 * Throws an Error whose message may be shown.
 */
export async function readBody(response: Response, limit: number): Promise<string> {
  if (response.body === null) return ''
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  for await (const chunk of read(response.body)) {
    size += chunk.byteLength
    if (size > limit) throw new Error(`the answer is larger than ${limit} bytes`)
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

/** Not every runtime can iterate over a stream. Whoever stops early lets go of the connection. */
async function* read(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader()
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}
