import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { formatDuration } from './base/duration.ts'
import { type KeyTiming, keyTimingProblems } from './config/key-timing.ts'
import type { Reading, RedisAddress } from './config/readers.ts'
import { namesOfSecret, readSecret } from './config/secrets/read.ts'
import type { Environment } from './config/secrets/source.ts'
import type { Variable } from './config/variable.ts'
import { VARIABLES } from './config/variables.ts'

type Field = keyof typeof VARIABLES
type Value<V> = V extends Variable<infer T> ? T : never
type Values = { readonly [F in Field]: Value<(typeof VARIABLES)[F]> }

/** What the service runs with: a field for each variable of src/config/variables.ts, frozen. */
export interface Config
  extends Omit<Values, 'databaseUrl' | 'adminPort' | 'docsPassword' | 'redisUrl'> {
  readonly databaseUrl?: string
  /** Undefined where nobody says: development may have one, if it is to be had. */
  readonly adminPort?: number | 'off'
  readonly docsPassword?: string
  readonly redisUrl?: RedisAddress
  /** Where the snapshot of the JWKS is kept; undefined for none. */
  readonly snapshotDirectory?: string
  /** True without a DATABASE_URL: the embedded database, demo credentials, a key of its own. */
  readonly development: boolean
}

export interface ConfigurationProblem {
  readonly variable: string
  readonly problem: string
  readonly example: string
}

/** The environment is unusable. Its message is fit to print: every problem, and no secret. */
export class ConfigurationError extends Error {
  readonly problems: readonly ConfigurationProblem[]

  constructor(problems: readonly ConfigurationProblem[]) {
    const lines = problems.map(
      ({ variable, problem, example }) =>
        `  ${variable} ${problem}. Example: ${variable}=${example}`,
    )
    super(['The configuration cannot be used:', ...lines].join('\n'))
    this.name = 'ConfigurationError'
    this.problems = problems
  }
}

/** A copy of the process's environment variables: the one place that touches them. */
export function processEnvironment(): Environment {
  return { ...process.env }
}

/**
 * The configuration that `env` describes; an empty variable counts as unset, but for
 * DATABASE_URL, and unknown ones are ignored. Reads the files that `DATABASE_URL_FILE` and the like
 * name, and runs the commands that `MASTER_KEYS_COMMAND` and the like are. Throws one
 * ConfigurationError with every problem found.
 *
 * The variables are read by our own table and not by env-schema: that throws at the schema's first
 * pass, before durations, keys and cross-checks are seen, and Ajv's words ("must match pattern")
 * would all have to be replaced.
 */
export function readConfig(env: Environment): Config {
  return read(env, Object.keys(VARIABLES) as Field[]) as Config
}

/**
 * The named fields of the configuration and no others: a command that only needs a database must
 * not ask for an issuer. Throws ConfigurationError like {@link readConfig}.
 */
export function readConfigPart<F extends Field>(
  env: Environment,
  fields: readonly F[],
): Pick<Config, F | 'development'> {
  return read(env, fields) as Pick<Config, F | 'development'>
}

function read(env: Environment, fields: readonly Field[]): Partial<Config> {
  const problems: ConfigurationProblem[] = []
  // Set but wrong is still set: a typo must not turn a production service into a development one.
  const development = !isGiven(env, VARIABLES.databaseUrl)
  const values: Partial<Record<Field, unknown>> = {}
  if (env[VARIABLES.databaseUrl.name] === '' && development) {
    const { name: variable, example } = VARIABLES.databaseUrl
    const problem = 'is set but empty: give it a value, or unset it for development mode'
    problems.push({ variable, problem, example })
  }
  // The development issuer is made of the port.
  const needsPort = development && fields.includes('issuer')
  const wanted = new Set<Field>(needsPort ? [...fields, 'port'] : fields)
  for (const field of wanted) {
    const variable: Variable<unknown> = VARIABLES[field]
    const { name, example } = variable
    if (!isGiven(env, variable) && variable.default === undefined) {
      if (variable.requiredWithDatabase && !development) {
        problems.push({ variable: name, problem: 'is required when DATABASE_URL is set', example })
      }
      continue
    }
    const reading = readVariable(env, variable)
    if ('value' in reading) values[field] = reading.value
    else problems.push({ variable: name, problem: reading.problem, example })
  }
  const found = values as Partial<Values>
  problems.push(...comparePairs(env, found), ...comparePorts(found), ...compareTiming(env, found))
  if (problems.length > 0) throw new ConfigurationError(problems)
  // One place, wherever a command is called from: another would be another database.
  const ownDirectory = fileURLToPath(new URL('../.mintmark', import.meta.url))
  const snapshotDirectory = found.stateDirectory ?? (development ? ownDirectory : undefined)
  // Without a problem, every field has been read or is one of those below.
  return Object.freeze({
    stateDirectory: ownDirectory,
    // With a database of one's own nothing is written unasked: a container's disk may be read-only.
    ...(snapshotDirectory !== undefined && { snapshotDirectory }),
    host: development ? 'localhost' : '0.0.0.0',
    passwordConcurrency: spareCores(found.workers),
    ...(development && { masterKeys: Object.freeze([]) }),
    docs: development || found.docsPassword !== undefined ? 'on' : 'off',
    ...(needsPort && { issuer: `http://localhost:${found.port}` }),
    ...found,
    development,
  }) as Partial<Config>
}

/** What one of so many workers may hash on, so that all together leave a core to everything else. */
function spareCores(workers = 1): number {
  return Math.min(64, Math.max(1, Math.floor((availableParallelism() - 1) / workers)))
}

/** Whether a field is set in `env`, rightly or not. */
export function isConfigured(env: Environment, field: Field): boolean {
  return isGiven(env, VARIABLES[field])
}

/** The README's table of all variables, in Markdown, with a line break at its end. */
export function configurationTable(): string {
  const rows = Object.values(VARIABLES as Record<string, Variable<unknown>>).map((variable) => {
    const names = variable.secret ? namesOfSecret(variable.name) : [variable.name]
    const name = names.map((one) => `\`${one}\``).join(', ')
    const fallback = variable.computedDefault ?? `\`${variable.default}\``
    return `| ${name} | ${fallback} | ${variable.description} |`
  })
  return ['| Variable | Default | Meaning |', '| --- | --- | --- |', ...rows, ''].join('\n')
}

function isGiven(env: Environment, { name, secret }: Variable<unknown>): boolean {
  return (secret ? namesOfSecret(name) : [name]).some((one) => Boolean(env[one]))
}

function readVariable(env: Environment, variable: Variable<unknown>): Reading<unknown> {
  const { name, secret, read } = variable
  return secret ? readSecret(name, env, read) : read(env[name] || variable.default || '')
}

const SHORTER_FIRST = [
  ['accessTokenTtlSeconds', 'sessionIdleTtlSeconds'],
  ['sessionIdleTtlSeconds', 'sessionMaxTtlSeconds'],
  ['refreshRetryWindowSeconds', 'refreshRecoveryWindowSeconds'],
] as const

function comparePorts({ port, adminPort }: Partial<Values>): ConfigurationProblem[] {
  if (port === undefined || port !== adminPort) return []
  const { name: variable, example } = VARIABLES.adminPort
  return [{ variable, problem: 'must not be PORT: nothing of it is public', example }]
}

function comparePairs(env: Environment, values: Partial<Values>): ConfigurationProblem[] {
  return SHORTER_FIRST.flatMap(([shorter, longer]) => {
    const [low, high] = [values[shorter], values[longer]]
    if (low === undefined || high === undefined || low <= high) return []
    const origin = (field: Field) => (env[VARIABLES[field].name] ? '' : ', the default')
    const { name, example } = VARIABLES[shorter]
    const problem =
      `must not be longer than ${VARIABLES[longer].name}: ` +
      `${formatDuration(low)} (${low} s${origin(shorter)}) > ` +
      `${formatDuration(high)} (${high} s${origin(longer)})`
    return [{ variable: name, problem, example }]
  })
}

function compareTiming(env: Environment, values: Partial<Values>): ConfigurationProblem[] {
  const isSet = (field: keyof KeyTiming) => isGiven(env, VARIABLES[field])
  return keyTimingProblems(values, isSet).map(({ field, problem }) => {
    const { name: variable, example } = VARIABLES[field]
    return { variable, problem, example }
  })
}
