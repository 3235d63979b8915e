/** Who asks for tokens, the same at every peer. */
export const PUBLIC_CLIENT = 'web'
export const CONFIDENTIAL_CLIENT = 'orders'
export const CLIENT_SECRET = 'known-to-everybody-as-it-guards-nothing-here'

/** What the tokens are for. */
export const AUDIENCE = 'https://orders.example'
export const SCOPE = 'orders:read orders:write'

/** Lifetimes in seconds, those of Mintmark. */
export const ACCESS_TOKEN_TTL = 600
export const REFRESH_TOKEN_TTL = 14 * 24 * 3600
export const SESSION_TTL = 90 * 24 * 3600
