/** The scenarios, in the order of the run. */
export const SCENARIOS = [
  'rotate',
  'retry',
  'client_credentials',
  'password',
  'introspect',
  'revoke',
  'jwks',
  'verify',
  'mixed',
] as const
export type ScenarioName = (typeof SCENARIOS)[number]

/** What each is, in a line. */
export const EXPLAINED: Record<ScenarioName, string> = {
  rotate: 'refresh tokens, each presented once and replaced by its successor',
  retry: 'refresh tokens that have just been replaced, presented again',
  client_credentials: 'access tokens for a confidential client',
  password: 'logins, argon2id and all',
  introspect: 'access tokens of living sessions, asked for by their resource server',
  revoke: 'refresh tokens that end their sessions, each once',
  jwks: 'the public keys',
  verify: 'access tokens, verified in process by mintmark/verifier',
  mixed: '70 % rotate, 10 % retry, 10 % introspect, 5 % client_credentials, 5 % jwks',
}

/** Logins take their time; more of them at once would only wait longer. */
export function connectionsOf(scenario: ScenarioName, usual: number): number {
  return scenario === 'password' ? Math.min(4, usual) : usual
}
