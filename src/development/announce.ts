import { join } from 'node:path'
import type { Demo } from './demo.ts'
import type { SeededDemo } from './seed.ts'

/** The commands of the first tour; each works when pasted alone, because the tokens go to a file. */
function tourCommands(demo: Demo, directory: string, address: string): Record<string, string> {
  const [user] = demo.users
  const file = quote(join(directory, 'tokens.json'))
  const read = (name: string) => `$(sed -n 's/.*"${name}":"\\([^"]*\\)".*/\\1/p' ${file})`
  return {
    'log in': `curl -sS ${address}/token -d grant_type=password -d client_id=web -d username=${user?.username} -d password=${user?.password} -o ${file} && cat ${file}`,
    refresh: `curl -sS ${address}/refresh -d client_id=web -d refresh_token="${read('refresh_token')}" -o ${file} && cat ${file}`,
    'call a protected route': `curl -sS ${address}/me -H "Authorization: Bearer ${read('access_token')}"`,
    'log out': `curl -sS -i ${address}/logout -d refresh_token="${read('refresh_token')}"`,
  }
}

/**
 * What a newcomer sees when the service is ready.
 * @param address where it listens, which need not be what its issuer says
 */
export function announcement(
  { demo, loginWorks }: SeededDemo,
  directory: string,
  address: string,
): string {
  const lines = [
    '',
    'Mintmark is ready. DEVELOPMENT: embedded database, demo clients and a demo user.',
    '',
    `  Swagger UI   ${address}/docs`,
    `  JWKS         ${address}/.well-known/jwks.json`,
    `  Metadata     ${address}/.well-known/oauth-authorization-server`,
    `  Demo facts   ${join(directory, 'demo.json')} (clients, secrets, user, database)`,
    '',
    ...(loginWorks ? [] : [CHANGED]),
    'Paste these, one after the other:',
    '',
  ]
  for (const [what, command] of Object.entries(tourCommands(demo, directory, address))) {
    lines.push(`  # ${what}`, `  ${command}`, '')
  }
  return `${lines.join('\n')}\n`
}

const CHANGED = `The demo user was changed since: the password below is not the current one. Delete demo.json and
start again to have a new one made.
`

/** A path as one word of a shell command. */
function quote(path: string): string {
  return /^[A-Za-z0-9._/-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
}
