import { bad, type Diagnosis, good, warning } from './diagnosis.ts'

/** What can be said of an issuer before it is asked. */
export function examineIssuer(issuer: string): Diagnosis[] {
  const { protocol, hostname, search, hash } = new URL(issuer)
  if (search !== '' || hash !== '') {
    const remedy = 'leave them out (RFC 8414 section 2)'
    return [bad('issuer', `${issuer} has a query or a fragment`, remedy)]
  }
  if (protocol === 'https:') return [good('issuer', issuer)]
  const isLocal = /^(localhost|127(\.\d+){3}|\[::1\]|.*\.localhost)$/.test(hostname)
  if (isLocal) return [good('issuer', `${issuer}, on this machine`)]
  return [
    warning(
      'issuer',
      `${issuer} is plain http: who is in between can put keys of their own in place`,
      'use https, but for development',
    ),
  ]
}
