import { join } from 'node:path'
import type { Demo } from './demo.ts'

/** The commands of the first tour; each works when pasted alone, because the tokens go to a file. */
export function tourCommands(demo: Demo, directory: string): Record<string, string> {
  const { issuer } = demo
  const [user] = demo.users
  const file = quote(join(directory, 'tokens.json'))
  const read = (name: string) => `$(sed -n 's/.*"${name}":"\\([^"]*\\)".*/\\1/p' ${file})`
  return {
    'log in': `curl -sS ${issuer}/token -d grant_type=password -d client_id=web -d username=${user?.username} -d password=${user?.password} -o ${file} && cat ${file}`,
    refresh: `curl -sS ${issuer}/refresh -d client_id=web -d refresh_token="${read('refresh_token')}" -o ${file} && cat ${file}`,
    'call a protected route': `curl -sS ${issuer}/me -H "Authorization: Bearer ${read('access_token')}"`,
    'log out': `curl -sS -i ${issuer}/logout -d refresh_token="${read('refresh_token')}"`,
  }
}

/** What a newcomer sees when the service is ready. */
export function announcement(demo: Demo, directory: string): string {
  const { issuer } = demo
  const lines = [
    '',
    'Mintmark is ready. DEVELOPMENT: embedded database, demo clients and a demo user.',
    '',
    `  Swagger UI   ${issuer}/docs`,
    `  JWKS         ${issuer}/.well-known/jwks.json`,
    `  Metadata     ${issuer}/.well-known/oauth-authorization-server`,
    `  Demo facts   ${join(directory, 'demo.json')} (clients, secrets, user, database)`,
    '',
    'Paste these, one after the other:',
    '',
  ]
  for (const [what, command] of Object.entries(tourCommands(demo, directory))) {
    lines.push(`  # ${what}`, `  ${command}`, '')
  }
  return `${lines.join('\n')}\n`
}

/** A path as one word of a shell command. */
function quote(path: string): string {
  return /^[A-Za-z0-9._/-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
}
