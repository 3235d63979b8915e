import type { FastifyBaseLogger } from 'fastify'
import { createChangeAudiences } from './audiences/change.ts'
import { createRecordEvents, createToEventRow } from './audit/store.ts'
import { type Clock, createCorrectedClock } from './base/clock.ts'
import type { Random } from './base/random.ts'
import { createAuthenticateClient } from './clients/authenticate.ts'
import { createChangeClient } from './clients/change.ts'
import { createFindClient } from './clients/find.ts'
import { createAllowedOrigins } from './clients/origins.ts'
import { createRegisterClient } from './clients/register.ts'
import { createRotateClientSecret } from './clients/rotate-secret.ts'
import type { Config } from './config.ts'
import { connectDatabase, type Database } from './db/connect.ts'
import { measureClockOffset } from './db/reference-clock.ts'
import { createAnswerWithTokens } from './grants/answer.ts'
import { createGrants } from './grants/index.ts'
import { createStartBackendSession } from './grants/start-session.ts'
import { createTokenEndpoint } from './grants/token-endpoint.ts'
import { createCursors } from './http/admin/cursors.ts'
import { createReadiness } from './http/readiness.ts'
import { createAdvanceKeys } from './keys/advance.ts'
import { createFetchCount } from './keys/fetches/count.ts'
import { createKeyRing } from './keys/key-ring.ts'
import { createMasterKeys } from './keys/master-keys.ts'
import { createImportKey } from './keys/operations/import-key.ts'
import { createKeyRevocations } from './keys/operations/revoke.ts'
import { createRotateNow } from './keys/operations/rotate-now.ts'
import { type KeySettings, readKeySchedule } from './keys/operations/schedule.ts'
import { createReencryptKeys } from './keys/reencrypt.ts'
import { createJwksSnapshot } from './keys/snapshot.ts'
import { createAnnounceRevocations } from './revocations/announce/store.ts'
import { createRevocationFeed } from './revocations/feed/feed.ts'
import { createCutOffs } from './sessions/cut-off.ts'
import { createEndSessions } from './sessions/end.ts'
import { createFindSessions } from './sessions/find.ts'
import { createRefreshTokens } from './sessions/refresh-token.ts'
import { createRotateRefreshToken } from './sessions/rotate.ts'
import { createSessionLog, type SessionLog } from './sessions/session-log.ts'
import { createStartSession } from './sessions/start.ts'
import { isSubject } from './sessions/subject.ts'
import { createExplainSession } from './stories/explain-session.ts'
import { createExplainUser } from './stories/explain-user.ts'
import { createIntrospect } from './tokens/introspect.ts'
import { createIssueAccessToken } from './tokens/issue.ts'
import { createJudgeAccessToken } from './tokens/judge.ts'
import { createRevokeToken } from './tokens/revoke.ts'
import { createSignRevocations } from './tokens/sign-revocations.ts'
import { createReadTokenState } from './tokens/state.ts'
import { createPasswords } from './users/password.ts'
import { createRegisterUser } from './users/register.ts'
import { createWorkQueue } from './users/work-queue.ts'

/** The configuration of a process that has a database: given, or the embedded one's. */
export type CompleteConfig = Config & { readonly databaseUrl: string }

/** What an operator does, wired: the part of the service that needs a database and nothing else. */
export type Operations = ReturnType<typeof composeOperations>

export function composeOperations(options: {
  database: Database
  clock: Clock
  random: Random
  hashing: Parameters<typeof createWorkQueue>[0]
  sessionLog: SessionLog
  onAnnounced?: () => void
}) {
  const { database, clock, random, sessionLog } = options
  const passwords = createPasswords(createWorkQueue(options.hashing))
  const toEventRow = createToEventRow({ clock, random })
  const recordEvents = createRecordEvents(toEventRow, createAnnounceRevocations(options))
  const recordMarked = createRecordEvents(toEventRow)
  const parts = { database, clock, random, passwords, toEventRow, recordEvents }
  return {
    ...parts,
    changeAudiences: createChangeAudiences(parts),
    changeClient: createChangeClient(parts),
    registerClient: createRegisterClient({ ...parts, isSubject }),
    rotateClientSecret: createRotateClientSecret(parts),
    registerUser: createRegisterUser(parts),
    endSessions: createEndSessions({ ...parts, sessionLog }),
    cutOffs: createCutOffs({ ...parts, recordMarked, sessionLog }),
  }
}

/** What an operator does with the signing keys. */
export type KeyOperations = ReturnType<typeof composeKeyOperations>

export function composeKeyOperations(
  { database, clock, recordEvents }: Pick<Operations, 'database' | 'clock' | 'recordEvents'>,
  settings: KeySettings,
) {
  const options = { database, clock, recordEvents, settings }
  return {
    readSchedule: () => readKeySchedule(database.kysely, settings, clock.now()),
    rotateNow: createRotateNow({ ...options, timing: settings }),
    revocations: createKeyRevocations(options),
  }
}

/** Everything, wired, the bottom room first. Asks the database nothing yet. */
export type Composition = ReturnType<typeof compose>

export function compose(options: {
  config: CompleteConfig
  logger: FastifyBaseLogger
  hostClock: Clock
  random: Random
}) {
  const { config, logger, hostClock, random } = options
  const { issuer } = config
  const clock = createCorrectedClock(hostClock)
  const database = connectDatabase({
    url: config.databaseUrl,
    poolSize: config.databasePoolSize,
    onIdleError: (err) => logger.warn({ err }, 'an idle database connection broke'),
    onPooler: (message) => logger.info(message),
  })
  const db = database.kysely
  const masterKeys = createMasterKeys(config.masterKeys)
  const allowedOrigins = createAllowedOrigins({ db, clock })
  const hashing = { concurrency: config.passwordConcurrency, limit: config.passwordQueueLimit }
  const sessionLog = createSessionLog({ logger, clock })
  const operations = composeOperations({
    database,
    clock,
    random,
    hashing,
    sessionLog,
    onAnnounced: () => revocationFeed.wake(),
  })
  const { passwords, toEventRow, recordEvents, endSessions } = operations
  const directory = config.snapshotDirectory
  const snapshotOptions = { directory, masterKeys, random, hostClock, issuer, logger }
  const jwksSnapshot = createJwksSnapshot(snapshotOptions)
  const correctClock = async () => clock.correct(await measureClockOffset(database, hostClock))
  const keyOptions = { database, masterKeys, clock, timing: config }
  const keyRing = createKeyRing({
    ...keyOptions,
    correctClock,
    // Nobody waits for a disk.
    onLoaded: (published) => void jwksSnapshot.save(published),
    onFault: (fault) => logger.error(fault, 'a signing key is not used'),
  })
  const revocationFeed = createRevocationFeed({
    database,
    clock,
    issuer,
    logger,
    sign: createSignRevocations({ keyRing, signingAlgorithms: config.signingAlgorithms }),
  })
  const keyOperations = {
    ...composeKeyOperations(operations, config),
    masterKeys,
    importKey: createImportKey({ ...operations, masterKeys, settings: config }),
    reencryptKeys: createReencryptKeys({ ...operations, masterKeys }),
  }
  const advanceKeys = createAdvanceKeys({ ...config, ...keyOptions, random, recordEvents })
  const findClient = createFindClient(database)
  const authenticateClient = createAuthenticateClient({ db, clock, findClient, recordEvents })

  const refreshTokens = createRefreshTokens({ masterKeys, random })
  const sessionOptions = { database, clock, random, refreshTokens, recordEvents, sessionLog }
  const startSession = createStartSession(sessionOptions)
  const { findByHandle, findSession } = createFindSessions(database)
  const rotateOptions = { ...sessionOptions, findByHandle, toEventRow }
  const rotateRefreshToken = createRotateRefreshToken(rotateOptions)

  const judge = createJudgeAccessToken({ issuer, keyRing, clock })
  const readTokenState = createReadTokenState({ db, clock, findClient, findSession })
  const issueAccessToken = createIssueAccessToken({
    issuer,
    keyRing,
    clock,
    random,
    accessTokenTtlSeconds: config.accessTokenTtlSeconds,
    signingAlgorithms: config.signingAlgorithms,
    onLargeToken: (fields) => logger.warn(fields, 'an access token is larger than 2 KB'),
  })
  const introspect = createIntrospect({ findByHandle, clock, refreshTokens, judge, readTokenState })
  const revokeToken = createRevokeToken({ ...sessionOptions, judge, endSessions })

  const answerWithTokens = createAnswerWithTokens({ clock, issueAccessToken })
  const grantOptions = { ...sessionOptions, issuer, passwords, startSession, lifetimes: config }
  const grants = createGrants({ ...grantOptions, rotateRefreshToken })
  const deskOptions = { authenticateClient, answerWithTokens, issuer }
  const tokenEndpoint = createTokenEndpoint({ ...deskOptions, grants })
  const startBackendSession = createStartBackendSession({
    ...grantOptions,
    db,
    authenticateClient,
    answerWithTokens,
  })
  const explainSession = createExplainSession({ db, clock, issuer })
  const explainUser = createExplainUser({ db, clock })
  const readiness = createReadiness({ database, keyRing })
  const cursors = createCursors({ masterKeys })
  const docs = { served: config.docs === 'on', password: config.docsPassword }

  return {
    ...operations,
    issuer,
    errorDetail: config.errorDetail,
    limitSettings: config,
    keyTiming: config,
    retentionSeconds: config.auditRetentionSeconds,
    trustedProxies: config.trustedProxies,
    clock,
    hostClock,
    logger,
    keyRing,
    revocationFeed,
    keyOperations,
    advanceKeys,
    jwksSnapshot,
    jwksFetches: createFetchCount(),
    refreshTokens,
    judge,
    readTokenState,
    introspect,
    revokeToken,
    allowedOrigins,
    authenticateClient,
    tokenEndpoint,
    startBackendSession,
    explainSession,
    explainUser,
    readiness,
    cursors,
    docs,
  }
}
