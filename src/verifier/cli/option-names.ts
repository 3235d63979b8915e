import { CommandFailure } from './outcome.ts'

/** What a verifier's option and a command's have in common, but for the spelling. */
const NAMES =
  /\b(?:jwksUri|maxTokenLifetime|clockTolerance)\b|(?<=\b(?:Say|option) )(?:typ|audience)\b|^(?:typ|audience|issuer)\b/g

/** A hint for whoever made a verifier, for whoever wrote a command line. */
export function asCommandOptions(hint: string): string {
  return hint.replace(NAMES, (name) => `--${name.replace(/[A-Z]/g, '-$&').toLowerCase()}`)
}

/** What work comes to; a TypeError of the verifier's options as CommandFailure. */
export async function asUsage<Value>(work: () => Value | Promise<Value>): Promise<Value> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new CommandFailure('usage', asCommandOptions(error.message))
  }
}
