import type { JWK } from 'jose'
import type { VerifierOptions } from '../types.ts'
import { isAnswered } from './answer-faults.ts'
import { createAsk } from './ask.ts'
import type { Diagnosis } from './diagnosis.ts'
import { examineCaching } from './examine-caching.ts'
import { examineClock } from './examine-clock.ts'
import { examineIssuer } from './examine-issuer.ts'
import { examineKeys, readJwks } from './examine-keys.ts'
import { examineMetadata, readMetadata } from './examine-metadata.ts'
import { examineRevocations } from './examine-revocations.ts'
import { explainToken } from './explain-token.ts'

export interface ExamineOptions {
  /** As the verifier has it. */
  readonly issuer: string
  readonly audience: string
  /** Where the keys are; as the metadata says if not given. */
  readonly jwksUri?: string | undefined
  readonly token?: string | undefined
  /** What the token is verified by, in place of what the issuer publishes. */
  readonly jwks?: readonly JWK[] | undefined
  /** How the verifier takes tokens, where it was told. */
  readonly terms?: Pick<VerifierOptions, 'typ' | 'clockTolerance' | 'maxTokenLifetime'>
  readonly fetch: typeof globalThis.fetch
  /** Milliseconds since the epoch. */
  readonly clock: () => number
}

/** All that was found out about an issuer, as one of its verifiers sees it. */
export interface Examination {
  /** False when something is bad; a warning is not. */
  readonly good: boolean
  /** False when its keys could not be had, so that nothing can be said of tokens. */
  readonly reachable: boolean
  readonly diagnoses: readonly Diagnosis[]
}

/** In milliseconds, for each answer. */
const TIMEOUT_MS = 5_000

/**
 * Looks at everything that a verifier needs of an issuer, and at a token if there is one. Throws
 * TypeError when the issuer is no URL, or the terms are none, and nothing else.
 */
export async function examine(options: ExamineOptions): Promise<Examination> {
  const { issuer, fetch, clock } = options
  const base = issuer.replace(/\/$/, '')
  const ask = createAsk({ fetch, clock, timeout: TIMEOUT_MS })
  const atIssuer = examineIssuer(issuer)
  const metadata = await ask(`${base}/.well-known/oauth-authorization-server`)
  const { issuer: calledItself, jwksUri: said } = readMetadata(metadata) ?? {}
  const jwksUri = options.jwksUri ?? said ?? `${base}/.well-known/jwks.json`
  const keys = await ask(jwksUri)
  const feed = await ask(`${base}/.well-known/revocations`)
  const jwks = readJwks(keys)
  const diagnoses = [
    ...atIssuer,
    ...examineMetadata(issuer, metadata).map(options.jwksUri === undefined ? asFound : notNeeded),
    ...(await examineKeys(keys)),
    ...(await examineCaching(keys, ask)),
    ...examineClock(keys, options.terms?.clockTolerance),
    // That it goes by another name was said of its metadata, once.
    ...(await examineRevocations([issuer, calledItself], feed, jwks ?? [])),
    ...(await explainToken(options, options.jwks ?? jwks ?? [], calledItself)),
  ]
  return {
    good: diagnoses.every(({ verdict }) => verdict !== 'bad'),
    reachable: isAnswered(keys),
    diagnoses,
  }
}

const asFound = (diagnosis: Diagnosis): Diagnosis => diagnosis

/** Who says where the keys are need not reach the metadata, as inside of a network. */
function notNeeded(diagnosis: Diagnosis): Diagnosis {
  const { topic, verdict } = diagnosis
  return topic === 'metadata' && verdict === 'bad'
    ? { ...diagnosis, verdict: 'warning' }
    : diagnosis
}
