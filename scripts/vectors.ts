import { writeFileSync } from 'node:fs'
import { ALGORITHMS, AUDIENCE, createBench, ISSUER, NOW, TOLERANCE } from './vectors/bench.ts'
import { claimVectors } from './vectors/claims.ts'
import { goodVectors } from './vectors/good.ts'
import { headerVectors } from './vectors/headers.ts'
import { jsonVectors } from './vectors/json.ts'
import { publishedKeyVectors } from './vectors/published-keys.ts'
import { signatureVectors } from './vectors/signatures.ts'
import { spellingVectors } from './vectors/spelling.ts'
import type { Vector } from './vectors/vector.ts'

// Writes src/verifier/vectors.json with new keys, whose private halves are forgotten.
const FILE = new URL('../src/verifier/vectors.json', import.meta.url)

const NOTE =
  'Tokens, and what a verifier must make of them whose clock stands at "now" (seconds since the epoch), ' +
  'which knows the issuer, asks for the audience, and for the vector’s scope where it has one, lets clocks ' +
  'differ by "clock_tolerance" seconds, takes a life of 3600 seconds and a token of 8192 bytes, and has the ' +
  'keys of "jwks", or the vector’s own. What counts is whether a token is accepted; the codes are those of mintmark/verifier.'

const bench = await createBench()
const vectors: Vector[] = [
  ...(await goodVectors(bench)),
  ...(await spellingVectors(bench)),
  ...(await signatureVectors(bench)),
  ...(await headerVectors(bench)),
  ...(await claimVectors(bench)),
  ...(await jsonVectors(bench)),
  ...(await publishedKeyVectors(bench)),
]
const about = {
  note: NOTE,
  issuer: ISSUER,
  audience: AUDIENCE,
  now: NOW,
  clock_tolerance: TOLERANCE,
  jwks: { keys: ALGORITHMS.map((alg) => bench.keys[alg].jwk) },
}
// One vector a line: small, and a change is seen for what it is.
const lines = vectors.map((vector) => JSON.stringify(vector)).join(',\n')
const members = Object.entries(about).map(([name, value]) => `"${name}": ${JSON.stringify(value)}`)
const text = `{\n${members.join(',\n')},\n"vectors": [\n${lines}\n]\n}\n`
writeFileSync(FILE, text)
console.log(`src/verifier/vectors.json: ${vectors.length} vectors, ${text.length} bytes`)
