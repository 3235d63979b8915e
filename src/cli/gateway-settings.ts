import { processEnvironment, readConfigPart } from '../config.ts'
import { readDemo } from '../development/demo.ts'
import type { GatewaySettings } from '../gateways/settings.ts'
import type { Algorithm } from '../jwt/algorithms.ts'
import { issuerText } from './gateway-options.ts'
import { fetchPublishedKeys } from './published-keys.ts'

/** What the commands for gateways are given. */
export interface GatewayOptions {
  audience?: string
  upstream: string
  listen: number
  issuer?: string
  service?: string
  alg?: Algorithm
  typ: string
  keyFolder: string
}

/**
 * What a gateway has to know, from the options and the configuration; asks no database. Throws
 * ConfigurationError when there is no issuer.
 */
export async function readSettings(options: GatewayOptions): Promise<GatewaySettings> {
  const { audience, upstream, listen, typ, keyFolder } = options
  const alg = options.alg ?? usualAlgorithm()
  const issuer = options.issuer ?? issuerText(await configuredIssuer())
  const service = options.service ?? issuer
  return {
    issuer,
    service,
    audience: audience ?? issuer,
    algorithm: alg,
    typ,
    upstream,
    port: listen,
    keyFolder,
    readKeys: () => fetchPublishedKeys(service, alg),
  }
}

/** The issuer of this deployment; in development, of the service that ran here last. */
async function configuredIssuer(): Promise<string> {
  const env = processEnvironment()
  const config = readConfigPart(env, ['issuer', 'stateDirectory'])
  const isGiven = !config.development || Boolean(env.ISSUER || env.PORT)
  const demo = isGiven ? undefined : await readDemo(config.stateDirectory)
  return demo?.issuer ?? config.issuer
}

function usualAlgorithm(): Algorithm {
  const { signingAlgorithms } = readConfigPart(processEnvironment(), ['signingAlgorithms'])
  return signingAlgorithms[0] as Algorithm
}
