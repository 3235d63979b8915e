import { createInterface } from 'node:readline'

/**
 * What every verifier is told: where the keys are, what tokens must say, how long to keep the keys, and
 * whether to keep them no longer than that (`strict`) where the library would.
 */
export function readArguments() {
  const [jwksUri, issuer, audience, typ, cacheSeconds, manner] = process.argv.slice(2)
  const cacheMilliseconds = Number(cacheSeconds) * 1000
  return { jwksUri, issuer, audience, typ, cacheMilliseconds, isStrict: manner === 'strict' }
}

/**
 * Answers each line of standard input, a token, by a line: `ok` and the claims that `verify` returns, or
 * `error` and why it has rejected the token.
 */
export async function answerLines(verify) {
  for await (const token of createInterface({ input: process.stdin })) {
    const answer = await verify(token).then(
      (claims) => `ok ${JSON.stringify(claims)}`,
      (error) => `error ${inOneLine(error)}`,
    )
    process.stdout.write(`${answer}\n`)
  }
}

function inOneLine(error) {
  const within = error.cause ?? error.originalError
  const words = `${error.code ?? error.name}: ${error.message}`.replaceAll(/\s+/g, ' ')
  return within === undefined ? words : `${words} (${inOneLine(within)})`
}
