import { parseArgs } from 'node:util'
import { CommandFailure } from './outcome.ts'

/** What was asked for on the command line. */
export interface Arguments {
  readonly command: 'verify' | 'doctor' | 'help' | 'version'
  /** As it was given; `-` is standard input. */
  readonly token: string | undefined
  readonly issuer: string
  readonly audience: string
  readonly scope: string | undefined
  readonly typ: string | undefined
  /** In seconds, like the next. */
  readonly clockTolerance: number | undefined
  readonly maxTokenLifetime: number | undefined
  readonly jwksUri: string | undefined
  readonly jwksFile: string | undefined
  readonly revocation: boolean
  readonly strict: boolean
  readonly json: boolean
}

export const HELP = `Usage: mintmark-verify <token|-> --issuer <url> --audience <uri> [options]
       mintmark-verify doctor --issuer <url> --audience <uri> [options]

Verifies an access token as mintmark/verifier does, and shows every finding; the doctor
looks at the issuer: can it be reached, can its keys be used and kept, do the clocks agree?

  <token>               an access token; - reads it from standard input, where others cannot see it
  --issuer <url>        the iss of the tokens, to the letter
  --audience <uri>      what your service is called in their aud
  --jwks-uri <url>      where the keys are, if the issuer has another address for you
  --jwks-file <file>    take the keys for the token from a file; verify asks the issuer nothing then
  --typ <typ>           the typ of the tokens, if it is not at+jwt
  --clock-tolerance <s>     by how many seconds clocks may differ, if not by 30
  --max-token-lifetime <s>  the longest life of a token, if not 3600
  --json                print JSON, for programs

verify:
  --scope <names>       scopes that the token must have, with spaces between
  --revocation          ask the feed of revocations, too

doctor:
  --token <token|->     look at a token, too
  --strict              a warning is a failure

Exit codes:
  0  the token is good; all is well
  1  the token is refused; something is wrong
  2  wrong usage
  3  nothing can be said: the issuer cannot be reached
`

const OPTIONS = {
  issuer: { type: 'string' },
  audience: { type: 'string' },
  scope: { type: 'string' },
  typ: { type: 'string' },
  'clock-tolerance': { type: 'string' },
  'max-token-lifetime': { type: 'string' },
  'jwks-uri': { type: 'string' },
  'jwks-file': { type: 'string' },
  token: { type: 'string' },
  revocation: { type: 'boolean' },
  strict: { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const

/** Of which command an option is, if it is not of both. */
const ONLY: Record<string, 'verify' | 'doctor'> = {
  scope: 'verify',
  revocation: 'verify',
  token: 'doctor',
  strict: 'doctor',
}

/** @param words what follows the program's name. Throws CommandFailure, which repeats no token. */
export function readArguments(words: readonly string[]): Arguments {
  const { values, positionals, tokens } = parse(words)
  const isDoctor = positionals[0] === 'doctor'
  const [token, ...more] = isDoctor ? [values.token, ...positionals.slice(1)] : positionals
  const command = isDoctor ? 'doctor' : 'verify'
  const asked = values.help ? 'help' : values.version ? 'version' : command
  if (asked === command) {
    const names = tokens.flatMap((one) => (one.kind === 'option' ? [one.name] : []))
    const twice = names.find((name, at) => names.indexOf(name) !== at)
    require(twice === undefined, `--${twice} was given twice: only one can be meant`)
    require(more.length === 0, 'there is one word too many: quote what has spaces')
    require(isDoctor || token !== undefined, 'the token is missing; - reads it from standard input')
    require(isUrl(values.issuer), '--issuer must be a URL, such as https://auth.example')
    require(Boolean(values.audience), '--audience is missing: what your service is called in aud')
    const uri = values['jwks-uri']
    require(uri === undefined || isUrl(uri), '--jwks-uri must be a URL')
    for (const [name, owner] of Object.entries(ONLY)) {
      const isGiven = values[name as keyof typeof values] !== undefined
      require(!isGiven || owner === command, `--${name} is an option of ${owner}`)
    }
  }
  return {
    command: asked,
    token,
    issuer: values.issuer ?? '',
    audience: values.audience ?? '',
    scope: values.scope,
    typ: values.typ,
    clockTolerance: readSeconds(values, 'clock-tolerance'),
    maxTokenLifetime: readSeconds(values, 'max-token-lifetime'),
    jwksUri: values['jwks-uri'],
    jwksFile: values['jwks-file'],
    revocation: values.revocation ?? false,
    strict: values.strict ?? false,
    json: values.json ?? false,
  }
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      options: OPTIONS,
      allowPositionals: true,
      tokens: true,
    })
  } catch (error) {
    const said = (error as Error).message.split('. ')[0]
    throw new CommandFailure('usage', `${said?.replace(/eyJ[\w.-]*/g, 'eyJ…')} (see --help)`)
  }
}

function readSeconds<Name extends string>(
  values: { readonly [name in Name]?: string },
  name: Name,
): number | undefined {
  const text: string | undefined = values[name]
  require(text === undefined || /^\d+$/.test(text), `--${name} must be a number of seconds`)
  return text === undefined ? undefined : Number(text)
}

function isUrl(text: string | undefined): boolean {
  return text !== undefined && /^https?:\/\//i.test(text) && URL.canParse(text)
}

function require(holds: boolean, problem: string): void {
  if (!holds) throw new CommandFailure('usage', `${problem} (see --help)`)
}
