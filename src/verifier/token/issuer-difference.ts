/** What to do about a token of another issuer; most often one of them is seen from inside a network. */
export function hintOf(expected: string, actual: unknown): string {
  if (typeof actual !== 'string') return 'The token does not name its issuer.'
  return `Of this verifier and the token: ${describeDifference(expected, actual)}. ${ADVICE}`
}

const ADVICE =
  'If it is the same issuer by another address, say the issuer as the tokens have it, and where its keys are as jwksUri.'

/**
 * In which ways two issuers differ, in plain words. They are compared to the letter (RFC 9068 §4), and most
 * of those that differ mean the same.
 * @param given what was asked for
 * @param found what the other side says
 */
export function describeDifference(given: string, found: string): string {
  const [ours, theirs] = [parse(given), parse(found)]
  if (ours === undefined || theirs === undefined) return 'one of them is no URL'
  const differences = [
    ...schemes(ours, theirs),
    ...hosts(given, found, ours, theirs),
    ...ports(ours, theirs),
    ...paths(given, found, ours, theirs),
  ]
  return differences.length > 0
    ? `they differ in ${differences.join(', and ')}`
    : 'they are spelled differently'
}

function parse(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined
}

const name = ({ protocol }: URL) => protocol.slice(0, -1)

function schemes(ours: URL, theirs: URL): string[] {
  if (ours.protocol === theirs.protocol) return []
  return [`the scheme: ${name(ours)} was given, it is ${name(theirs)}`]
}

function hosts(given: string, found: string, ours: URL, theirs: URL): string[] {
  if (ours.hostname !== theirs.hostname) {
    return [`the host: ${ours.hostname} was given, it is ${theirs.hostname}`]
  }
  const [written, said] = [given, found].map((text) => /^[^/]*\/\/([^/?#]*)/.exec(text)?.[1] ?? '')
  const isCase = written !== said && written?.toLowerCase() === said?.toLowerCase()
  return isCase ? [`the case of the host: ${written} was given, it is ${said}`] : []
}

function ports(ours: URL, theirs: URL): string[] {
  if (ours.port === theirs.port) return []
  const tell = ({ port }: URL) => (port === '' ? 'none' : port)
  return [`the port: ${tell(ours)} was given, it is ${tell(theirs)}`]
}

function paths(given: string, found: string, ours: URL, theirs: URL): string[] {
  const bare = (text: string) => text.replace(/\/$/, '')
  if (bare(ours.pathname) !== bare(theirs.pathname)) {
    return [`the path: ${ours.pathname} was given, it is ${theirs.pathname}`]
  }
  if (given.endsWith('/') === found.endsWith('/')) return []
  return [
    given.endsWith('/')
      ? 'a slash at the end, which was given and is not there'
      : 'a slash at the end, which was not given',
  ]
}
