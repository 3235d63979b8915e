import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { commandLine } from './cli.ts'
import { startGateway, startUpstream, without } from './gateway.ts'
import { freePort } from './process.ts'
import { ISSUER } from './service.ts'
import type { GatewayMake } from './verifier-makes.ts'
import type { Verdict, Verifier } from './verifiers.ts'

const run = promisify(execFile)
const mintmark = commandLine({ DATABASE_URL: 'postgresql://localhost/never', ISSUER })

/** What a gateway is told. */
export interface GatewaySettings {
  readonly service: string
  readonly audience: string
  readonly algorithm: string
  readonly typ: string
}

const HAPROXY = '/usr/sbin/haproxy'
const APACHE = '/usr/sbin/apache2'
const MODULES = '/usr/lib/apache2/modules'
const MOD_OAUTH2 = `${MODULES}/mod_oauth2.so`
const LOADED = ['mpm_event', 'authn_core', 'authz_core', 'setenvif', 'headers', 'proxy']

/** Why one cannot be started on this machine; false where it can. */
export const MISSING: Record<GatewayMake['gateway'], string | false> = {
  haproxy: without(HAPROXY),
  apache: without(APACHE, MOD_OAUTH2),
}

/** The version that is installed here, as it says itself. */
export const READ_VERSION: Record<GatewayMake['gateway'], () => Promise<string>> = {
  haproxy: async () => firstVersion((await run(HAPROXY, ['-v'])).stdout),
  apache: async () => firstVersion((await run(APACHE, ['-v'])).stdout),
}

const firstVersion = (words: string) => /\d+\.\d+\.\d+/.exec(words)?.[0] ?? 'unknown'

/** Starts a gateway with what `mintmark gateway config` prints for it; ended with the test. */
export async function startGatewayVerifier(
  t: Test,
  make: GatewayMake,
  settings: GatewaySettings,
): Promise<Verifier> {
  const { service, audience, algorithm, typ } = settings
  const folder = await mkdtemp(join(tmpdir(), 'mintmark-gateway-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const port = await freePort()
  const options = {
    audience,
    service,
    typ,
    alg: algorithm,
    upstream: await startUpstream(t),
    listen: `${port}`,
    'key-folder': join(folder, 'keys'),
  }
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value])
  const print = async (kind: 'config' | 'companion', file: string) => {
    const { code, stdout, stderr } = await mintmark(['gateway', kind, make.gateway, ...args])
    if (code !== 0) throw new Error(stderr)
    await writeFile(join(folder, file), stdout)
    return join(folder, file)
  }
  const command = await COMMANDS[make.gateway](folder, print)
  const { ask } = await startGateway(t, port, command)
  const judge = async (token: string): Promise<Verdict> => {
    const { status, headers, upstream } = await ask(`Bearer ${token}`)
    if (upstream === undefined) return { refused: `${status} ${headers['www-authenticate']}` }
    const { 'x-auth-subject': sub, 'x-auth-client': client_id, 'x-auth-scope': scope } = upstream
    return { claims: { sub, client_id, scope } }
  }
  const verify = async (token: string) => {
    const verdict = await judge(token)
    return 'refused' in verdict ? verdict.refused : undefined
  }
  return { name: make.name, algorithms: [algorithm], verify, judge }
}

type Print = (kind: 'config' | 'companion', file: string) => Promise<string>

/** Writes its files and returns how it is started. */
const COMMANDS: Record<
  GatewayMake['gateway'],
  (folder: string, print: Print) => Promise<string[]>
> = {
  async haproxy(_folder, print) {
    const config = await print('config', 'mintmark.cfg')
    const script = await print('companion', 'mintmark-keys')
    await run('sh', [script], { env: { ...process.env, RELOAD: 'true' } })
    return [HAPROXY, '-W', '-db', '-f', config]
  },
  async apache(folder, print) {
    const config = await print('config', 'mintmark.conf')
    const load = [...LOADED, 'proxy_http', 'oauth2'].map(
      (name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`,
    )
    const own = ['ServerName localhost', `PidFile ${folder}/pid`, `ErrorLog ${folder}/errors`]
    const main = join(folder, 'apache2.conf')
    await mkdir(join(folder, 'run'))
    const lines = [...load, ...own, `DefaultRuntimeDir ${folder}/run`, `Include ${config}`]
    await writeFile(main, lines.join('\n'))
    return [APACHE, '-X', '-f', main]
  },
}
