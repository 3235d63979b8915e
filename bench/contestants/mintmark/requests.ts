import { CLIENT } from './accounts.ts'

/** The answer to a refresh, as text. Rejects on anything but 200. */
export async function refresh(origin: string, refreshToken: string): Promise<string> {
  const response = await fetch(`${origin}/refresh`, {
    method: 'POST',
    body: new URLSearchParams({ client_id: CLIENT, refresh_token: refreshToken }),
  })
  const text = await response.text()
  if (response.status !== 200) throw new Error(`a refresh was answered ${response.status}: ${text}`)
  return text
}

/** Access tokens of living sessions, by refreshing each of them. */
export async function refreshedAccessTokens(
  origin: string,
  refreshTokens: readonly string[],
): Promise<string[]> {
  const tokens: string[] = []
  for (const refreshToken of refreshTokens) {
    tokens.push(JSON.parse(await refresh(origin, refreshToken)).access_token)
  }
  return tokens
}
