import { readFileSync } from 'node:fs'
import type { Make } from './verifier-makes.ts'

const text = (file: string) => readFileSync(new URL(`../interop/${file}`, import.meta.url), 'utf8')

/** How each language locks the version of a package, in its file in test/interop. */
const READ: Record<Make['language'], (name: string) => string | undefined> = {
  node: (name) =>
    JSON.parse(text('node/package-lock.json')).packages[`node_modules/${name}`]?.version,
  python: (name) => find(text('python/requirements.txt'), `^${literally(name)}==(.+)$`),
  go: (name) => find(text('go/go.mod'), `^\\s${literally(name)} v(\\S+)$`),
  java: (name) =>
    find(text('java/pom.xml'), `<artifactId>${literally(name)}</artifactId>\\s*<version>([^<]+)<`),
}

/** The versions of a verifier's packages, as they are locked. Throws when one is not. */
export function versionsOf({ language, packages }: Make): string {
  const versions = packages.map((name) => {
    const version = READ[language](name)
    if (version === undefined) throw new Error(`no version of ${name} is locked`)
    return version
  })
  return versions.join(', ')
}

const find = (where: string, pattern: string) => new RegExp(pattern, 'm').exec(where)?.[1]

const literally = (words: string) => words.replaceAll(/[.+?^$()|[\]{}\\]/g, '\\$&')
