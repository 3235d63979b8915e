import { Argument, type Command, Option } from 'commander'
import { GATEWAYS, type GatewayName, gatewayNames } from '../gateways/all.ts'
import type { Gateway } from '../gateways/settings.ts'
import { algorithmNames } from '../jwt/algorithms.ts'
import { answering } from './answer.ts'
import { CommandFailure, EXIT } from './failure.ts'
import { absolutePath, address, audienceText, issuerText, origin, port } from './gateway-options.ts'
import { type GatewayOptions, readSettings } from './gateway-settings.ts'

/** `mintmark gateway`: configurations for gateways that verify access tokens. */
export function addGatewayCommands(program: Command): void {
  const gateway = program
    .command('gateway')
    .description('configurations for gateways in front of services, and for services of Spring')
  withOptions(
    gateway
      .command('config')
      .description('print a configuration that works as printed; needs no database')
      .addArgument(new Argument('<name>', 'which gateway').choices(gatewayNames)),
  ).action(answering(config))
  withOptions(
    gateway
      .command('companion')
      .description('print the second file that goes with it: a script, or a class')
      .addArgument(new Argument('<name>', 'which gateway').choices(namesWithCompanion())),
  ).action(answering(companion))
}

function withOptions(command: Command): Command {
  return command
    .option('--audience <uri>', 'whom tokens must be for (default: the issuer)', audienceText)
    .option('--upstream <url>', 'what is behind it', origin, 'http://127.0.0.1:8080')
    .option('--listen <port>', 'the port that it listens on', port, 8000)
    .option('--issuer <url>', 'the iss of tokens (default: ISSUER)', issuerText)
    .option('--service <url>', 'where it reaches Mintmark, if not at the issuer', address)
    .addOption(
      new Option(
        '--alg <algorithm>',
        'the one that is taken; the first of SIGNING_ALGORITHMS if not given',
      ).choices(algorithmNames),
    )
    .addOption(
      new Option('--typ <typ>', 'the kind of token').choices(['at+jwt', 'JWT']).default('at+jwt'),
    )
    .option(
      '--key-folder <path>',
      'where HAProxy has its keys',
      absolutePath,
      '/etc/haproxy/mintmark',
    )
}

const gatewayOf = (name: GatewayName): Gateway => GATEWAYS[name]

const namesWithCompanion = () =>
  gatewayNames.filter((name) => gatewayOf(name).companion !== undefined)

async function config(name: GatewayName, options: GatewayOptions) {
  const gateway = gatewayOf(name)
  const settings = await readSettings(options)
  requireVerifiable(name, settings.algorithm)
  const text = await gateway.config(settings)
  return { json: { gateway: name, config: text }, text, notes: notesOf(name, options) }
}

async function companion(name: GatewayName, options: GatewayOptions) {
  const settings = await readSettings(options)
  requireVerifiable(name, settings.algorithm)
  const { file, print } = gatewayOf(name).companion as NonNullable<Gateway['companion']>
  const text = print(settings)
  return { json: { gateway: name, file, text }, text }
}

function requireVerifiable(name: GatewayName, algorithm: string): void {
  const { verifies } = gatewayOf(name)
  if (verifies === undefined || verifies.some((known) => known === algorithm)) return
  const message = `${name} verifies no ${algorithm}; it knows ${verifies.join(', ')}: see mintmark audiences set --help`
  throw new CommandFailure('algorithm_unsupported', message, EXIT.usage)
}

function notesOf(name: GatewayName, { audience, alg, typ }: GatewayOptions): string[] {
  const { companion, asksService } = gatewayOf(name)
  const isNarrowed = alg !== undefined || typ !== 'at+jwt'
  return [
    ...(asksService && isNarrowed
      ? [
          `${name} asks the service, which takes every algorithm and typ that it issues: --alg and --typ change nothing.`,
        ]
      : []),
    ...(audience === undefined
      ? ['It takes tokens for the issuer itself: name your service by --audience.']
      : []),
    ...(companion === undefined
      ? []
      : [`It needs ${companion.file}: see mintmark gateway companion ${name}.`]),
  ]
}
