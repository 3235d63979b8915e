/** What an audience must be, for whoever reads a refusal. */
export const AUDIENCE_RULE =
  'an audience must be an absolute URI without fragment, such as https://orders.example (RFC 8707 section 2)'

/** Whether the text can name a resource server: an absolute URI without fragment (RFC 8707 §2). */
export function isAudience(text: string): boolean {
  return /^[\x21\x23-\x5b\x5d-\x7e]{1,500}$/.test(text) && URL.canParse(text) && !text.includes('#')
}
