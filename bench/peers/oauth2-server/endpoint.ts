import type { IncomingMessage, ServerResponse } from 'node:http'
import OAuth2Server from '@node-oauth/oauth2-server'

const { Request, Response } = OAuth2Server

/**
 * The token endpoint on bare node:http, which is the fastest place for the library: it takes a
 * parsed form and gives back a status, headers and an object.
 */
export function createTokenEndpoint(server: OAuth2Server) {
  return async (message: IncomingMessage, answer: ServerResponse): Promise<void> => {
    const { headers, method = 'GET' } = message
    const body = Object.fromEntries(new URLSearchParams(await read(message)))
    const request = new Request({
      headers: headers as Record<string, string>,
      method,
      query: {},
      body,
    })
    const response = new Response()
    try {
      await server.token(request, response)
    } catch (error) {
      // What the library throws, it has put into the response.
      if (response.status === 500) console.error(error)
    }
    const text = JSON.stringify(response.body)
    answer.writeHead(response.status ?? 500, {
      ...response.headers,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
    })
    answer.end(text)
  }
}

function read(message: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    message.setEncoding('utf8')
    message.on('data', (part: string) => {
      text += part
    })
    message.on('end', () => resolve(text))
    message.on('error', reject)
  })
}
