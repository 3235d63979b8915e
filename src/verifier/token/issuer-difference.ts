/** In what two issuers differ, in words; most often one of them is seen from inside a network. */
export function differenceOf(expected: string, actual: unknown): string {
  if (typeof actual !== 'string') return 'The token does not name its issuer.'
  if (withoutSlash(expected) === withoutSlash(actual)) {
    return 'They differ in the slash at the end. Write the issuer as the tokens have it.'
  }
  if (!URL.canParse(expected) || !URL.canParse(actual)) return OTHER
  const [wanted, given] = [new URL(expected), new URL(actual)]
  const names = ['protocol', 'hostname', 'port', 'pathname'] as const
  const different = names.filter((name) => wanted[name] !== given[name])
  if (different.length === 0)
    return 'They differ in upper and lower case, or in how they are spelt.'
  return `They differ in ${different.map((name) => WORDS[name]).join(' and ')}. ${OTHER}`
}

const WORDS = { protocol: 'scheme', hostname: 'host', port: 'port', pathname: 'path' }

const OTHER =
  'If it is the same issuer by another address, say the issuer as the tokens have it, and where its keys are as jwksUri.'

const withoutSlash = (url: string) => url.replace(/\/$/, '')
