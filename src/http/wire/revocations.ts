import { Type } from 'typebox'

/** The media type of the list, as the `typ` of its header says it too. */
export const REVOCATIONS_TYPE = 'application/revocations+jwt'

/** Of the example: no key signs it. */
const EXAMPLE_JWS =
  'eyJhbGciOiJFUzI1NiIsImtpZCI6Im9LSXl3dkdVcFRWVHl4TVEzYndJSWVRVXVkZnJfQ2tMTWpDRTE5RUNELVUiLCJ0eXAiOiJyZXZvY2F0aW9ucytqd3QifQ.eyJpc3MiOiJodHRwczovL2F1dGguZXhhbXBsZSIsImlhdCI6MTc5NTM0ODgwMCwiYXNfb2YiOjE3OTUzNDg4MDAuMjUsInNpbmNlIjowLCJzZXEiOjE3OTUzNDg3OTkxMDAsIm1vcmUiOmZhbHNlLCJlbnRyaWVzIjpbeyJzaWQiOiIwMTlhYTFjMC04ZjVhLTdjYzItOWEzYi0zZDJmNGE1YjZjN2QiLCJleHAiOjE3OTUzNDk3NjB9XX0.c2lnbmF0dXJl'

/** What the list says, for the document. */
export const LIST_DESCRIPTION =
  'A compact JWS (RFC 7515 section 3.1) of `typ` `revocations+jwt`, signed by a key of the JWK set. Its payload: `iss`, `iat`; `as_of`, up to when it is complete; `since`, the number that it continues (0: it begins anew); `seq`, the number to go on from; `more`, whether to do so at once; and `entries`, each with `exp` and one of `sid`, `jti`, `kid`, `sub` with `before`, `client_id` with `before` and `issued_before`.'

export const RevocationsBody = Type.String({ description: LIST_DESCRIPTION })

export const revocationsExample = {
  list: { summary: 'One session has ended.', value: EXAMPLE_JWS },
}

export const streamExample = {
  event: {
    summary: 'How it begins.',
    value: `retry: 2000\n\nevent: revocations\nid: 1795348799100\ndata: ${EXAMPLE_JWS}\n\n`,
  },
}

const NUMBER = '^(0|[1-9][0-9]{0,14})$'

/** Where a reader goes on. */
export const SinceQuery = Type.Object({
  since: Type.Optional(
    Type.String({
      pattern: NUMBER,
      description: 'The `seq` of the last answer; 0 or left out: from the beginning.',
      examples: ['1795348799100'],
    }),
  ),
})

/** The number in a Last-Event-ID header; undefined when it is none of ours. */
export function numberIn(text: string | undefined): number | undefined {
  return text !== undefined && new RegExp(NUMBER).test(text) ? Number(text) : undefined
}
