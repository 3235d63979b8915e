import type { Test } from 'tap'
import { algorithmNames } from '../../src/jwt/algorithms.ts'
import { accessTokenTypes } from '../../src/oauth/access-token-type.ts'
import { claimsOf } from '../support/answer.ts'
import { commandProcess } from '../support/cli.ts'
import { query } from '../support/database.ts'
import { drill, type Figures } from '../support/drills.ts'
import { MISSING, READ_VERSION, startGatewayVerifier } from '../support/gateway-verifiers.ts'
import {
  AUDIENCE_OF,
  collectTokens,
  LEGACY,
  type SampleToken,
  type SampleTokens,
} from '../support/interop-tokens.ts'
import { production, startService } from '../support/process.ts'
import { createTestService, ISSUER } from '../support/service.ts'
import { GATEWAY_MAKES, MAKES } from '../support/verifier-makes.ts'
import { versionsOf } from '../support/verifier-versions.ts'
import { startVerifiers, type Verifier } from '../support/verifiers.ts'

/** In seconds: no key changes while this is done. */
const CACHE = 60

/** What each must have read, where it tells of it; gateways pass on three. */
const TOLD = ['iss', 'sub', 'client_id', 'scope', 'jti', 'exp', 'iat', 'roles', 'tier', 'limits']

/** What no registry of packages has: it is published as a program and as a container image alone. */
const NOT_TO_BE_HAD = ['PostgREST (in no registry of packages)']

drill(
  'interop',
  'a running service, verifiers of other makers: good tokens of every algorithm and typ, and of each almost good ones',
  async (t) => {
    const { url, tokens } = await startIssuer(t)
    const figures: Figures = { 'good tokens': tokens.good.length, 'bad tokens': tokens.bad.length }
    const tallies = new Map<string, Tally>()
    const skipped = new Set<string>(NOT_TO_BE_HAD)
    const table = [
      '| verifier | version | algorithms, typ | what it needed | counted | verdict |',
      '| --- | --- | --- | --- | --- | --- |',
    ]
    const settings = {
      jwksUri: () => `${url}/.well-known/jwks.json`,
      issuer: ISSUER,
      cacheSeconds: CACHE,
    }
    for (const typ of accessTokenTypes) {
      const makes = MAKES.filter(({ typs }) => typs.includes(typ))
      const audience = AUDIENCE_OF[typ]
      const started = await startVerifiers(t, { ...settings, audience, typ }, makes)
      for (const one of started.skipped) skipped.add(one)
      for (const verifier of started.verifiers) {
        await examine(t, tokens, typ, verifier, tallyOf(tallies, verifier.name))
      }
      for (const make of GATEWAY_MAKES) {
        const missing = MISSING[make.gateway]
        if (missing !== false) {
          skipped.add(`${make.name} (${missing})`)
          continue
        }
        for (const algorithm of make.algorithms) {
          const gateway = await startGatewayVerifier(t, make, {
            ...{ service: url, audience, algorithm, typ },
          })
          await examine(t, tokens, typ, gateway, tallyOf(tallies, make.name))
        }
      }
    }
    for (const make of [...MAKES, ...GATEWAY_MAKES]) {
      const tally = tallies.get(make.name)
      if (tally === undefined) continue
      const version = 'language' in make ? versionsOf(make) : await READ_VERSION[make.gateway]()
      const verdict = tally.wrong > 0 ? `${tally.wrong} WRONG` : 'as it should'
      const counted = `${tally.accepted} accepted, ${tally.refused} refused`
      const taken = `${make.algorithms.join(' ')}, ${make.typs.join(' and ')}`
      figures[`${make.name} ${version}`] = `${taken}, ${counted}, ${verdict}`
      const { name, needed } = make
      table.push(`| ${[name, version, taken, needed, counted, verdict].join(' | ')} |`)
    }
    table.push(...[...skipped].map((one) => `| ${one} | skipped | | | | |`))
    process.stderr.write(`${table.join('\n')}\n`)
    figures.skipped = skipped.size > 0 ? [...skipped].join(', ') : 'none'
    return figures
  },
)

/** Starts the service, whose keys it makes itself, and collects tokens. */
async function startIssuer(t: Test): Promise<{ url: string; tokens: SampleTokens }> {
  const setup = await createTestService(t)
  // Those of the template: by the service's own, every algorithm signs at once.
  await query(setup.databaseUrl, 'delete from signing_keys')
  const env = production(setup.databaseUrl, {
    SIGNING_ALGORITHMS: algorithmNames.join(','),
    LOG_LEVEL: 'warn',
    RATE_LIMIT_PUBLIC: 'off',
  })
  const { url } = await startService(t, env)
  const set = await commandProcess(env)(['audiences', 'set', LEGACY, '--typ', 'JWT'])
  t.equal(set.code, 0, set.stderr)
  await setup.parts.keyRing.load()
  return { url, tokens: await collectTokens({ url }, setup) }
}

interface Tally {
  accepted: number
  refused: number
  wrong: number
}

function tallyOf(tallies: Map<string, Tally>, name: string): Tally {
  const tally = tallies.get(name) ?? { accepted: 0, refused: 0, wrong: 0 }
  tallies.set(name, tally)
  return tally
}

/**
 * Shows a verifier the good tokens of its typ, then the bad ones, then the good ones again: a bad one
 * must not have cost it its keys. Those of algorithms that it does not take it must refuse.
 */
async function examine(
  t: Test,
  { good, bad }: SampleTokens,
  typ: string,
  { name, algorithms, judge }: Verifier,
  tally: Tally,
): Promise<void> {
  const wrong: string[] = []
  const show = async (sample: SampleToken, isGood: boolean) => {
    const verdict = await judge(sample.token)
    const what = `${sample.algorithm} ${sample.typ}, ${sample.what}`
    if ('refused' in verdict) {
      if (isGood) wrong.push(`refused: ${what}: ${verdict.refused}`)
      else tally.refused += 1
    } else if (!isGood) wrong.push(`accepted: ${what}`)
    else if (!isRead(verdict.claims, claimsOf(sample.token))) wrong.push(`misread: ${what}`)
    else tally.accepted += 1
  }
  const isTaken = (one: SampleToken) => one.typ === typ && algorithms.includes(one.algorithm)
  for (const one of good) await show(one, isTaken(one))
  for (const one of bad.filter(isTaken)) await show(one, false)
  for (const one of good.filter(isTaken)) await show(one, true)
  tally.wrong += wrong.length
  t.strictSame(wrong, [], `${name}, ${typ}, ${algorithms.join(' ')}`)
}

/** Whether what a verifier tells of a token is what the token says. */
function isRead(told: Record<string, unknown>, claims: Record<string, unknown>): boolean {
  const names = TOLD.filter((name) => name in told)
  return (
    names.length >= 3 &&
    names.every((name) => JSON.stringify(told[name]) === JSON.stringify(claims[name]))
  )
}
