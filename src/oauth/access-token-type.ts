/**
 * What the header of an access token may say that it is (RFC 7515 §4.1.9): `at+jwt` (RFC 9068 §2.1),
 * or `JWT` for the verifiers of an audience that refuse anything else.
 *
 * `JWT` alone tells an access token from no other kind of JWT (RFC 8725 §3.11). It may be used
 * because the signing keys sign nothing but access tokens, all with every claim of RFC 9068 §2.2:
 * any kind of JWT that is ever signed by them beside these must have a `typ` of its own that is not
 * in this list.
 */
export const accessTokenTypes = ['at+jwt', 'JWT'] as const
export type AccessTokenType = (typeof accessTokenTypes)[number]

/** What it says where no audience of the token asks for something else. */
export const DEFAULT_ACCESS_TOKEN_TYPE: AccessTokenType = 'at+jwt'

/**
 * Whether a header of ours can be that of an access token. Spelled as the mint spells it: the type of
 * another case, or with `application/` before it, was not made here.
 */
export function isAccessTokenType(typ: unknown): typ is AccessTokenType {
  return (accessTokenTypes as readonly unknown[]).includes(typ)
}
