import type { FastifyInstance, RouteOptions } from 'fastify'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** In which shape the route's errors are answered. */
    errorShape?: 'oauth' | 'problem'
  }
}

/** The routes that there are, for whoever must answer without one. */
export interface RouteTable {
  /** The routes at the path of a request target, whatever their methods. */
  at(target: string): RouteOptions[]
  /**
   * Whether a request that no route took is answered as an OAuth error: there are routes at its path,
   * and all of those for its method, or all there are if none is, answer so.
   */
  isOAuth(method: string, target: string): boolean
  /** Every method that some route takes. */
  methods(): string[]
}

/** Keeps account of the routes of an app. To be called before they are registered. */
export function createRouteTable(app: FastifyInstance): RouteTable {
  const entries: { pattern: RegExp; route: RouteOptions }[] = []
  app.addHook('onRoute', (route) => {
    // What stands at every path makes no path exist.
    if (route.url === '*') return
    const pattern = route.url
      .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
      .replace(/:[^/]+/g, '[^/]+')
      .replaceAll('*', '.*')
    // The root of a prefix is there with a slash behind it as well, and only told of once.
    const slash = route.prefix !== '' && route.routePath === '' ? '/?' : ''
    entries.push({ pattern: new RegExp(`^${pattern}${slash}$`), route })
  })
  const at = (target: string) => {
    const path = pathOf(target)
    return entries.filter(({ pattern }) => pattern.test(path)).map(({ route }) => route)
  }
  return {
    at,
    isOAuth(method, target) {
      const routes = at(target)
      const ofMethod = routes.filter((route) => methodsOf(route).includes(method))
      const meant = ofMethod.length > 0 ? ofMethod : routes
      return meant.length > 0 && meant.every(({ config }) => config?.errorShape === 'oauth')
    },
    methods: () => [...new Set(entries.flatMap(({ route }) => methodsOf(route)))].sort(),
  }
}

/** The methods of a route. */
export function methodsOf({ method }: Pick<RouteOptions, 'method'>): string[] {
  return [method].flat()
}

/** The decoded path of a request target in origin or absolute form (RFC 9112 §3.2). */
export function pathOf(target: string): string {
  const [path = ''] = target.replace(/^[a-z]+:\/\/[^/?#]*/i, '').split(/[?#]/)
  try {
    return decodeURI(path)
  } catch {
    return path
  }
}
