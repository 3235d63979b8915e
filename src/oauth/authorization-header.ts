import { decodeFormComponent } from './form.ts'
import { isStorableText } from './storable.ts'

/** What an Authorization header says. */
export type Authorization =
  | { scheme: 'none' }
  | { scheme: 'basic'; clientId: string; secret: string }
  | { scheme: 'bearer'; token: string }
  | { scheme: 'malformed'; said: 'basic' | 'bearer' | 'other' }

/** The b64token of RFC 6750 §2.1. */
const BEARER = /^[A-Za-z0-9\-._~+/]+=*$/

/**
 * Reads an Authorization header: Basic with both halves form-encoded (RFC 6749 §2.3.1), or Bearer
 * (RFC 6750 §2.1). Never throws: what cannot be read is `malformed`.
 */
export function parseAuthorization(header: string | undefined): Authorization {
  if (header === undefined) return { scheme: 'none' }
  const [, scheme = '', credentials = ''] = /^([^ ]+)(?: +(.*))?$/.exec(header) ?? []
  switch (scheme.toLowerCase()) {
    case 'basic':
      return parseBasic(credentials) ?? { scheme: 'malformed', said: 'basic' }
    case 'bearer':
      return BEARER.test(credentials)
        ? { scheme: 'bearer', token: credentials }
        : { scheme: 'malformed', said: 'bearer' }
    default:
      return { scheme: 'malformed', said: 'other' }
  }
}

function parseBasic(credentials: string): Authorization | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(credentials)) return undefined
  const text = Buffer.from(credentials, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon < 1 || text.includes('�')) return undefined
  const clientId = decodeFormComponent(text.slice(0, colon))
  const secret = decodeFormComponent(text.slice(colon + 1))
  if (clientId === undefined || secret === undefined) return undefined
  if (!isStorableText(clientId) || !isStorableText(secret)) return undefined
  return { scheme: 'basic', clientId, secret }
}
