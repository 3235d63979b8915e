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

/** How to ask the admin API for the sessions, in the name of the demo's client for it. */
function adminCommands(demo: Demo, { address, adminAddress }: Addresses): Record<string, string> {
  const { client_secret } = demo.clients.find(({ client_id }) => client_id === 'admin') ?? {}
  if (adminAddress === undefined || client_secret === undefined) return {}
  const token = `curl -sS ${address}/token -u admin:${client_secret} -d grant_type=client_credentials`
  return {
    'as an operator, see everybody’s sessions': `curl -sS ${adminAddress}/sessions -H "Authorization: Bearer $(${token} | sed -n 's/.*"access_token":"\\([^"]*\\)".*/\\1/p')"`,
  }
}

/** Where the service listens, which need not be what its issuer says. */
export interface Addresses {
  readonly address: string
  /** Undefined where there is no admin API. */
  readonly adminAddress?: string | undefined
}

/** What a newcomer sees when the service is ready. */
export function announcement(
  { demo, loginWorks }: SeededDemo,
  directory: string,
  addresses: Addresses,
): string {
  const { address, adminAddress } = addresses
  const lines = [
    '',
    'Mintmark is ready. DEVELOPMENT: embedded database, demo clients and a demo user.',
    '',
    `  Swagger UI   ${address}/docs`,
    `  JWKS         ${address}/.well-known/jwks.json`,
    `  Metadata     ${address}/.well-known/oauth-authorization-server`,
    ...(adminAddress === undefined ? [] : [`  Admin API    ${adminAddress}/docs`]),
    `  Demo facts   ${join(directory, 'demo.json')} (clients, secrets, user, database)`,
    '',
    ...(loginWorks ? [] : [CHANGED]),
    'Paste these, one after the other:',
    '',
  ]
  const commands = {
    ...tourCommands(demo, directory, address),
    ...adminCommands(demo, addresses),
  }
  for (const [what, command] of Object.entries(commands)) {
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
