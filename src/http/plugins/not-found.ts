import type { FastifyInstance, FastifyRequest } from 'fastify'
import { OAuthError } from '../../oauth/error.ts'
import { placesFor } from '../hints.ts'
import { Problem } from '../problem.ts'
import { methodsOf, pathOf, type RouteTable } from './route-table.ts'

/**
 * Answers what no route matches: 405 with `Allow` where the path exists with other methods (RFC 9110
 * §15.5.6), else 404 with the path that was probably meant. It does so before the body is read, so
 * that nobody is told what is wrong with a body which would not have been welcome anyway.
 */
export function answerUnmatched(app: FastifyInstance, routes: RouteTable): void {
  app.addHook('preParsing', async (request) => {
    if (request.is404) throw unmatched(request, routes)
  })
  // For a route that finds that it has nothing, such as a file of the documentation's.
  app.setNotFoundHandler((request) => {
    throw unmatched(request, routes)
  })
}

function unmatched({ method, originalUrl }: FastifyRequest, routes: RouteTable): Error {
  const matching = routes.at(originalUrl)
  const methods = [...new Set(matching.flatMap(methodsOf))].sort()
  if (methods.length === 0 || methods.includes(method)) {
    return notFound(pathOf(originalUrl), routes)
  }
  const allow = methods.join(', ')
  const message = `this path does not take ${method}; it takes ${allow}`
  return routes.isOAuth(method, originalUrl)
    ? new OAuthError('method_not_allowed', message, { allow })
    : new Problem(405, 'method_not_allowed', message, { allow })
}

/** Says nothing of the path itself: it may be anything, and as long as it likes. */
function notFound(path: string, routes: RouteTable): Problem {
  const { url, note } = nearest(path, routes) ?? {}
  if (url === undefined) {
    const index = routes.at('/').length > 0 ? '/' : '/openapi.json'
    const detail = `there is nothing at this path; GET ${index} tells what there is`
    return new Problem(404, 'not_found', detail)
  }
  // The root of a prefix may be told of with a slash alone.
  const names = [url, `${url}/`]
  const there = routes.at(url).filter((route) => names.includes(templateOf(route.url)))
  const methods = new Set(there.flatMap(methodsOf).filter((method) => method !== 'HEAD'))
  const meant = [[...methods].join(' or '), url, note].filter((part) => part !== undefined)
  const detail = `there is nothing at this path; did you mean ${meant.join(' ')}?`
  return new Problem(404, 'not_found', detail, {}, url)
}

/** A path that exists: this one but for its case and its slashes, or one that is called alike. */
function nearest(path: string, routes: RouteTable): { url: string; note?: string } | undefined {
  const tidy = path
    .toLowerCase()
    .replace(/\/+/g, '/')
    .replace(/(?<=.)\/$/, '')
  const [same] = routes
    .at(tidy)
    .map(({ url }) => templateOf(url))
    .filter((url) => !url.includes('*'))
    .sort((a, b) => Number(a.includes('{')) - Number(b.includes('{')))
  if (same !== undefined) return { url: same }
  const place = placesFor(tidy).find(({ path }) => routes.at(path).length > 0)
  return place && { url: place.path, ...(place.note !== undefined && { note: place.note }) }
}

/** A route's path as OpenAPI writes it. */
function templateOf(url: string): string {
  return url.replace(/:([^/]+)/g, '{$1}')
}

/** A route that does not say who may call it cannot exist. */
export function requireStatedSecurity(app: FastifyInstance): void {
  app.addHook('onRoute', ({ method, url, schema }) => {
    if (schema?.hide !== true && schema?.security === undefined) {
      throw new Error(`${method} ${url} must state its security in its schema`)
    }
  })
}
