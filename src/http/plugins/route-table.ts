import type { FastifyInstance, RouteOptions } from 'fastify'

/** The routes of an app, by the paths that they match. */
export interface RouteTable {
  /** The routes, whatever their method, that a request's URL (with or without query) leads to. */
  find(url: string): RouteOptions[]
}

/** Keeps account of the routes of an app. Call it before they are registered. */
export function createRouteTable(app: FastifyInstance): RouteTable {
  const routes: { path: RegExp; route: RouteOptions }[] = []
  app.addHook('onRoute', (route) => {
    if (route.schema?.hide === true) return
    const pattern = route.url.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/:[^/]+/g, '[^/]+')
    routes.push({ path: new RegExp(`^${pattern}$`), route })
  })
  return {
    find(url) {
      const path = url.split('?')[0] as string
      return routes.filter((one) => one.path.test(path)).map(({ route }) => route)
    },
  }
}

/** The methods of some routes, each once. */
export function methodsOf(routes: readonly Pick<RouteOptions, 'method'>[]): string[] {
  return [...new Set(routes.flatMap(({ method }) => method))]
}
