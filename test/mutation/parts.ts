/**
 * The verifier in parts, so that the figures of one are there before the next has begun, and the tests of each:
 * those that need neither a database nor another process. What is left out is the texts of errors (errors.ts)
 * and types, which do nothing.
 */
export const PARTS = {
  revocations: { mutate: ['src/verifier/revocations/*.ts'], tests: ['feed', 'verifier'] },
  token: { mutate: ['src/verifier/token/*.ts'], tests: ['tokens', 'verifier'] },
  keys: { mutate: ['src/verifier/keys/*.ts'], tests: ['keys', 'tokens', 'verifier'] },
  rest: {
    mutate: ['src/verifier/*.ts', '!src/verifier/{errors,types}.ts'],
    tests: ['feed', 'keys', 'tokens', 'verifier'],
  },
}
