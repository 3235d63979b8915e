/** The grant types that exist here, by their registered names (RFC 6749 §4.3, §4.4, §6). */
export const grantTypes = ['client_credentials', 'password', 'refresh_token'] as const
export type GrantType = (typeof grantTypes)[number]

/** The client authentication methods of RFC 6749 §2.3.1, by their names of RFC 7591 §2. */
export const authenticationMethods = ['client_secret_basic', 'client_secret_post', 'none'] as const
export type AuthenticationMethod = (typeof authenticationMethods)[number]

/**
 * How a client's refresh token travels: in request and response bodies (RFC 6749 §6), or in a cookie
 * that no script of a page can read.
 */
export const refreshTokenPlaces = ['body', 'cookie'] as const
export type RefreshTokenPlace = (typeof refreshTokenPlaces)[number]
