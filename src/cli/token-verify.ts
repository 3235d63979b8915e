import { createFindClient } from '../clients/find.ts'
import { createMasterKeys } from '../keys/master-keys.ts'
import { createFindSessions } from '../sessions/find.ts'
import { createRefreshTokens } from '../sessions/refresh-token.ts'
import { createExamineAccessToken } from '../tokens/examine.ts'
import { createExamineRefreshToken } from '../tokens/examine-refresh-token.ts'
import { type Finding, isGood } from '../tokens/finding.ts'
import { createReadTokenState } from '../tokens/state.ts'
import type { Answer } from './answer.ts'
import { withDeployment } from './deployment.ts'
import { CommandFailure, EXIT } from './failure.ts'
import {
  type IssuerOptions,
  requireAudience,
  requireIssuerFor,
  surroundings,
} from './issuer-options.ts'
import { facts } from './table.ts'
import { isRefreshToken, readToken } from './token-inspect.ts'

const MARK = { passed: '✓', failed: '✗', skipped: '–' } as const

interface VerifyOptions extends IssuerOptions {
  readonly scope?: string
  readonly revocation?: boolean
}

/** Verifies a token of this deployment, or of an issuer that is named, and shows every finding. */
export async function verifyToken(argument: string, options: VerifyOptions): Promise<Answer> {
  const token = await readToken(argument)
  const { issuer, audience, ...ofIssuer } = options
  if (issuer !== undefined) return verifyByIssuer(token, { ...options, issuer })
  requireIssuerFor(ofIssuer)
  const isRefresh = isRefreshToken(token)
  if (isRefresh && audience !== undefined) {
    throw new CommandFailure('usage', 'a refresh token has no audience', EXIT.usage)
  }
  const findings = isRefresh ? await verifyRefresh(token) : await verifyAccess(token, options)
  const good = isGood(findings)
  const kind = isRefresh ? 'refresh_token' : 'access_token'
  return {
    json: { kind, good, checks: findings },
    text: `${findings.map(describe).join('\n')}\n\n${verdict(isRefresh, good)}`,
    good,
  }
}

/** As whoever installed the verifier would. */
async function verifyByIssuer(
  token: string,
  options: VerifyOptions & { issuer: string },
): Promise<Answer> {
  const audience = requireAudience(options.audience)
  // Loaded only here: no other command needs its library.
  const { verify } = await import('../verifier/cli/verify.ts')
  return verify(token, { ...options, audience }, surroundings)
}

/** Two lines, since what was expected is seldom short. */
function describe({ name, outcome, expected, actual }: Finding): string {
  const values = facts({ '    actual': actual, '    expected': expected })
  return `${MARK[outcome]} ${name}\n${values}`
}

function verdict(isRefresh: boolean, good: boolean): string {
  const noun = isRefresh ? 'refresh token' : 'access token'
  return good ? `This ${noun} is good.` : `This ${noun} is NOT good.`
}

function verifyAccess(token: string, { audience }: { audience?: string }): Promise<Finding[]> {
  return withDeployment(['issuer'], ({ database, clock, config }) => {
    const db = database.kysely
    const findClient = createFindClient(database)
    const { findSession } = createFindSessions(database)
    const readTokenState = createReadTokenState({ db, clock, findClient, findSession })
    const { issuer } = config
    return createExamineAccessToken({ db, issuer, clock, readTokenState })(token, audience)
  })
}

function verifyRefresh(token: string): Promise<Finding[]> {
  return withDeployment(['masterKeys'], ({ database, clock, random, config }) => {
    const masterKeys = createMasterKeys(config.masterKeys)
    const refreshTokens = createRefreshTokens({ masterKeys, random })
    return createExamineRefreshToken({ db: database.kysely, clock, masterKeys, refreshTokens })(
      token,
    )
  })
}
