import { cookieProblems } from '../clients/cookie-problems.ts'
import { listClients } from '../clients/store.ts'
import type { Executor } from '../db/connect.ts'
import { isSameSite } from '../oauth/origin.ts'
import { bad, type Diagnosis, good, warning } from '../verifier/doctor/diagnosis.ts'

/** Which clients' cookies can never come back. Throws DatabaseUnavailable, like all here. */
export async function diagnoseCookies(db: Executor, issuer: string): Promise<Diagnosis[]> {
  const clients = await listClients(db)
  const problems = clients.flatMap((client) =>
    cookieProblems(client, issuer).map((problem) =>
      bad('cookies', `${client.clientId}: ${problem}`, 'change the name, or the client’s origins'),
    ),
  )
  const users = clients.filter(({ refreshTokenIn }) => refreshTokenIn === 'cookie').length
  return problems.length > 0 ? problems : [good('cookies', `${users} of ${clients.length} clients`)]
}

/** What pages of an origin can do here. */
export async function diagnoseOrigin(
  db: Executor,
  issuer: string,
  origin: string,
): Promise<Diagnosis[]> {
  if (origin === new URL(issuer).origin) {
    return [good('CORS', `${origin} is the service’s own origin: its pages need no permission`)]
  }
  const clients = (await listClients(db)).filter((one) => one.allowedOrigins.includes(origin))
  if (clients.length === 0) {
    const remedy = `run mintmark clients update <client_id> --add-origin ${origin}`
    return [bad('CORS', `no client is registered for pages of ${origin}`, remedy)]
  }
  const names = clients.map(({ clientId }) => clientId).join(', ')
  const withCookies = clients.filter(({ refreshTokenIn }) => refreshTokenIn === 'cookie')
  return [
    good('CORS', `pages of ${origin} may call for ${names}`),
    ...(withCookies.length > 0 ? [diagnoseSite(issuer, origin, withCookies.length)] : []),
  ]
}

function diagnoseSite(issuer: string, origin: string, clients: number): Diagnosis {
  if (!isSameSite(origin, issuer)) {
    const detail = `${origin} and ${issuer} are of different sites: the cookie never goes along`
    return bad('cookies', detail, 'give both names under one domain, and one scheme')
  }
  const call = 'with credentials: "include" and the header X-CSRF: 1'
  const detail = `pages of ${origin} send the cookie, when they call ${call}`
  return clients > 1
    ? warning('cookies', detail, 'they may call for several clients: send client_id')
    : good('cookies', detail)
}
