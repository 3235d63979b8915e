import type { FastifyInstance } from 'fastify'
import { MARK } from './describe-route.ts'

/** What @fastify/swagger gives an app: the document, or its YAML. */
type MakeDocument = (options?: { yaml?: boolean }) => Document | string

interface Document {
  paths?: Record<string, Record<string, Record<string, unknown>>>
  components?: { securitySchemes?: Record<string, object> }
}

/** What the scheme is called in the document. */
const NAME = 'bearerAuth'
const SCHEME = { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' }

/**
 * Adds to the document of an app that has @fastify/swagger the security scheme, unless the app names one
 * itself, and turns the marks of the guarded routes into their `security`. That plugin has no hook for it
 * but options, which are the app's.
 */
export function completeDocument(app: FastifyInstance): void {
  const owner = ownerOf(app, 'swagger') as { swagger: MakeDocument } | undefined
  if (owner === undefined) return
  const make = owner.swagger
  owner.swagger = (options) => {
    const document = make.call(owner, options)
    return typeof document === 'string' ? completeYaml(document) : complete(document)
  }
}

/** Fills it in where it lies: it is made once, and kept. */
function complete(document: Document): Document {
  document.components ??= {}
  document.components.securitySchemes = { [NAME]: SCHEME, ...document.components.securitySchemes }
  for (const path of Object.values(document.paths ?? {})) {
    for (const operation of Object.values(path)) {
      const { [MARK]: mark } = operation
      if (mark === undefined) continue
      delete operation[MARK]
      operation.security = [...(mark === 'optional' ? [{}] : []), { [NAME]: [] }]
    }
  }
  return document
}

/** The same in the text, whose form is known: it was printed from an object. */
function completeYaml(yaml: string): string {
  const secured = yaml.replace(MARKED, (_line, indent: string, mark: string) => {
    const optional = mark === 'optional' ? `${indent}  - {}\n` : ''
    return `${indent}security:\n${optional}${indent}  - ${NAME}: []`
  })
  if (new RegExp(`^ {4}${NAME}:$`, 'm').test(secured)) return secured
  const fields = Object.entries(SCHEME).map(([name, value]) => `      ${name}: ${value}`)
  const scheme = [`    ${NAME}:`, ...fields].join('\n')
  if (SCHEMES.test(secured)) return secured.replace(SCHEMES, (line) => `${line}\n${scheme}`)
  return secured.replace(/^components:$/m, (line) => `${line}\n  securitySchemes:\n${scheme}`)
}

const MARKED = new RegExp(`^( *)${MARK}: (required|optional)$`, 'gm')
const SCHEMES = /^ {2}securitySchemes:$/m

/** A scope inherits what its parents are decorated with: whose it is, of those. */
function ownerOf(app: object, name: string): object | undefined {
  for (let at: object | null = app; at !== null; at = Object.getPrototypeOf(at)) {
    if (Object.hasOwn(at, name)) return at
  }
  return undefined
}
