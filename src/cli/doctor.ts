import { type Command, InvalidArgumentError } from 'commander'
import { ConfigurationError, processEnvironment, readConfig } from '../config.ts'
import type { Database } from '../db/connect.ts'
import { isOrigin, ORIGIN_RULE } from '../oauth/origin.ts'
import { describeDiagnosis, summarise } from '../verifier/cli/words.ts'
import { bad, type Diagnosis, good } from '../verifier/doctor/diagnosis.ts'
import { type Answer, answering } from './answer.ts'
import { withDatabase } from './deployment.ts'
import { diagnoseCookies, diagnoseOrigin } from './doctor-browser.ts'
import { diagnoseClock, diagnoseMigrations, diagnoseServer } from './doctor-database.ts'
import { diagnoseEvents } from './doctor-events.ts'
import { type DoctorOptions, examineIssuer } from './doctor-issuer.ts'
import { diagnoseKeys } from './doctor-keys.ts'
import { diagnoseRedis } from './doctor-redis.ts'
import { diagnoseRestore } from './doctor-restore.ts'
import { toFailure } from './failure.ts'
import { addIssuerOptions, onceOption, requireIssuerFor, urlOption } from './issuer-options.ts'

/** `mintmark doctor`: what an operator would look at, one after the other. */
export function addDoctorCommand(program: Command): void {
  const doctor = program
    .command('doctor')
    .description('examine configuration, database, migrations, restores, keys, clock and cookies')
    .option('--origin <origin>', 'also whether pages of it can call and use cookies', originOption)
    .option(
      '--issuer <url>',
      'examine this issuer over the network, as its verifiers see it, and no database; needs --audience',
      urlOption,
    )
    .option('--audience <uri>', 'with --issuer: what the service is called in aud', onceOption)
    .option(
      '--token <token>',
      'with --issuer: why is this token refused? - reads it from standard input',
    )
    .option('--strict', 'with --issuer: a warning is a failure')
  addIssuerOptions(doctor).action(answering(examine))
}

function originOption(text: string): string {
  if (isOrigin(text)) return text
  throw new InvalidArgumentError(ORIGIN_RULE)
}

async function examine(options: DoctorOptions): Promise<Answer> {
  const { origin, issuer, ...ofIssuer } = options
  if (issuer !== undefined) return examineIssuer({ ...options, issuer })
  requireIssuerFor(ofIssuer)
  const diagnoses = [...(await diagnoseConfiguration()), ...(await diagnoseDeployment(origin))]
  const isGood = diagnoses.every(({ verdict }) => verdict !== 'bad')
  return {
    json: { good: isGood, diagnoses },
    text: `${diagnoses.map(describeDiagnosis).join('\n')}\n\n${summarise(diagnoses)}`,
    good: isGood,
  }
}

/** The configuration, and the Redis that it names. */
async function diagnoseConfiguration(): Promise<Diagnosis[]> {
  try {
    const config = readConfig(processEnvironment())
    const { development, issuer } = config
    const mode = development ? 'development, as DATABASE_URL is not set' : 'production'
    const complete = good(
      'configuration',
      development ? mode : `complete; issuer ${issuer}; ${mode}`,
    )
    return [complete, ...(await diagnoseRedis(config))]
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    return error.problems.map(({ variable, problem, example }) =>
      bad('configuration', `${variable} ${problem}`, `set ${variable}, for example to ${example}`),
    )
  }
}

const NEEDS = ['issuer', 'masterKeys', 'signingAlgorithms'] as const

async function diagnoseDeployment(origin: string | undefined): Promise<Diagnosis[]> {
  try {
    return await withDatabase(NEEDS, async (database, config) => {
      const diagnoses = await diagnoseDatabase(database, config)
      const migrations = diagnoses.find(({ topic }) => topic === 'migrations')
      if (migrations?.verdict !== 'good') return diagnoses
      const restore = await diagnoseRestore(database)
      const events = await diagnoseEvents(database)
      const keys = await diagnoseKeys(database, config)
      return [
        ...diagnoses,
        restore,
        events,
        ...keys,
        ...(await diagnoseBrowsers(database, config.issuer, origin)),
      ]
    })
  } catch (error) {
    return error instanceof ConfigurationError ? diagnoseDatabaseAlone() : [unavailable(error)]
  }
}

/** With a configuration that has been found wrong, the database may still be the right one. */
async function diagnoseDatabaseAlone(): Promise<Diagnosis[]> {
  try {
    return await withDatabase([], diagnoseDatabase)
  } catch (error) {
    return error instanceof ConfigurationError ? [] : [unavailable(error)]
  }
}

function unavailable(error: unknown): Diagnosis {
  return bad('database', toFailure(error).message, 'start it, or correct DATABASE_URL')
}

/** Stops at what makes the rest unanswerable. */
async function diagnoseDatabase(
  database: Database,
  config: { development: boolean },
): Promise<Diagnosis[]> {
  const server = await diagnoseServer(database)
  if (server.verdict === 'bad') return [server]
  return [server, await diagnoseMigrations(database, config), await diagnoseClock(database)]
}

async function diagnoseBrowsers(database: Database, issuer: string, origin: string | undefined) {
  const cookies = await diagnoseCookies(database.kysely, issuer)
  return origin === undefined
    ? cookies
    : [...cookies, ...(await diagnoseOrigin(database.kysely, issuer, origin))]
}
