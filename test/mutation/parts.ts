/**
 * The verifier in parts, so that the figures of one are there before the next has begun, and the tests of each:
 * those that need neither a database nor another process. Left out are the texts of errors (errors.ts) and types,
 * which do nothing; what is for tests and for the command line; the adapters, whose tests start servers; and
 * service-token.ts, whose tests need a database.
 */
export const PARTS = {
  revocations: { mutate: ['src/verifier/revocations/*.ts'], tests: ['feed', 'verifier'] },
  token: { mutate: ['src/verifier/token/*.ts'], tests: ['tokens', 'verifier'] },
  keys: { mutate: ['src/verifier/keys/*.ts'], tests: ['keys', 'tokens', 'verifier'] },
  rest: {
    mutate: [
      'src/verifier/*.ts',
      '!src/verifier/{errors,types,fastify,express,request,service-token,testing}.ts',
    ],
    tests: ['feed', 'keys', 'tokens', 'verifier'],
  },
}
