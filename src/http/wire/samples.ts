/** Values for the document's examples: of the right form, and good for nothing. */

/** A JWT of three parts. */
export const ACCESS_TOKEN =
  'eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6Ii4uLiJ9.eyJpc3MiOi4uLn0.c2ln'

export const REFRESH_TOKEN = 'mm_rt_AQF0aGVfaGFuZGxlX29mX2l0AAAAAJ0Gq0YkVQz8vF1m0Xo7mZs3kQ9a'

export const CLIENT_SECRET = 'the secret of orders-service'

/** The id of a session. */
export const SID = '0199c0de-5b1f-7c3e-8d42-6f0a9b7c1e25'

/** The id of a user. */
export const SUB = '0199c0dd-90aa-7b5d-9dd2-da4242c4eb87'

/** The id of an access token of that session. */
export const JTI = 'AZnA3lsffD6NQm8Km3weJaGyw9Tl9gcYKTpLXG1-j5A'
