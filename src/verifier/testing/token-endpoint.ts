import type { TokenOptions } from './token-options.ts'

export type IssueToken = (options: TokenOptions) => Promise<string>

const LIFETIME_SECONDS = 600

/**
 * `POST /token` by client_credentials (RFC 6749 §4.4). Every client is known, whatever its secret: what
 * a test rehearses is its own side. Errors are those of RFC 6749 §5.2.
 */
export async function grantToken(request: Request, issueToken: IssueToken): Promise<Response> {
  if (request.method !== 'POST') return refuse(405, 'invalid_request', 'POST is asked for')
  const form = new URLSearchParams(await request.text())
  if (form.get('grant_type') !== 'client_credentials') {
    return refuse(400, 'unsupported_grant_type', 'the test issuer knows client_credentials alone')
  }
  const client = clientOf(request, form)
  if (client === undefined) return refuse(401, 'invalid_client', 'the client is not named')
  const scope = form.get('scope') ?? ''
  const [audience] = form.getAll('resource')
  const token = await issueToken({
    sid: null,
    client_id: client,
    scope,
    expiresIn: LIFETIME_SECONDS,
    ...(audience !== undefined && { audience }),
  })
  return Response.json(
    {
      access_token: token,
      token_type: 'Bearer',
      expires_in: LIFETIME_SECONDS,
      ...(scope !== '' && { scope }),
    },
    { headers: { 'cache-control': 'no-store' } },
  )
}

/** By Basic (RFC 6749 §2.3.1, form-encoded) or in the body. */
function clientOf(request: Request, form: URLSearchParams): string | undefined {
  const [scheme, credentials = ''] = (request.headers.get('authorization') ?? '').split(' ')
  if (scheme?.toLowerCase() !== 'basic') return form.get('client_id') ?? undefined
  const [name] = atob(credentials).split(':')
  return name ? decodeURIComponent(name.replaceAll('+', ' ')) : undefined
}

function refuse(status: number, error: string, description: string): Response {
  const body = { error, error_description: description }
  return Response.json(body, { status, headers: { 'cache-control': 'no-store' } })
}
