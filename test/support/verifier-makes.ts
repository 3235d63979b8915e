import type { Algorithm } from '../../src/jwt/algorithms.ts'
import type { AccessTokenType } from '../../src/oauth/access-token-type.ts'
import type { Language } from './verifier-kits.ts'

/** A verifier of another maker, as test/interop has it. */
export interface Make {
  readonly name: string
  readonly language: Language
  /** Its file or folder there. */
  readonly program: string
  /** Those that it can verify. */
  readonly algorithms: readonly Algorithm[]
  readonly typs: readonly AccessTokenType[]
  /** The packages whose versions matter. */
  readonly packages: readonly string[]
  /** What it does not do by itself, in the words of README.md. */
  readonly needed: string
  /** Whether it is told to keep no key for longer than it should, which it does of itself. */
  readonly strict?: boolean
}

/** A gateway that verifies by itself, with what is printed for it. */
export interface GatewayMake extends Pick<Make, 'name' | 'algorithms' | 'typs' | 'needed'> {
  readonly gateway: 'haproxy' | 'apache'
  /** The one that was tried: it comes from the machine, and nothing locks it. */
  readonly version: string
}

const ALL: readonly Algorithm[] = ['ES256', 'RS256', 'PS256', 'EdDSA', 'ES384']
const NO_EDDSA = ALL.filter((algorithm) => algorithm !== 'EdDSA')
const BOTH: readonly AccessTokenType[] = ['at+jwt', 'JWT']

/** Each as its makers have set it up, apart from what it has to be told. */
export const MAKES: readonly Make[] = [
  {
    name: 'jose',
    language: 'node',
    program: 'jose.js',
    algorithms: ALL,
    typs: BOTH,
    packages: ['jose'],
    needed: '`typ`, `requiredClaims: ["exp"]`',
  },
  {
    name: 'jsonwebtoken+jwks-rsa',
    language: 'node',
    program: 'jsonwebtoken.js',
    algorithms: NO_EDDSA,
    typs: BOTH,
    packages: ['jsonwebtoken', 'jwks-rsa'],
    needed: '`complete: true`, and one’s own look at `typ` and `exp`',
  },
  {
    name: 'fast-jwt+get-jwks',
    language: 'node',
    program: 'fast-jwt.js',
    algorithms: ALL,
    typs: BOTH,
    packages: ['fast-jwt', 'get-jwks'],
    needed: '`checkTyp`, `requiredClaims: ["iss", "aud", "exp"]`, the PEM made by `node:crypto`',
  },
  {
    name: 'express-oauth2-jwt-bearer',
    language: 'node',
    program: 'express-oauth2-jwt-bearer.js',
    algorithms: ALL,
    typs: BOTH,
    packages: ['express-oauth2-jwt-bearer'],
    needed: '`strict: true`; for `JWT` a `validators.typ`',
  },
  {
    name: 'passport-jwt',
    language: 'node',
    program: 'passport-jwt.js',
    algorithms: NO_EDDSA,
    typs: BOTH,
    packages: ['passport-jwt', 'jwks-rsa'],
    needed: '`jsonWebTokenOptions: { complete: true }`, and one’s own look at `typ` and `exp`',
  },
  {
    name: 'PyJWT',
    language: 'python',
    program: 'pyjwt.py',
    algorithms: ALL,
    typs: BOTH,
    packages: ['PyJWT'],
    needed: '`leeway`, `require: ["exp"]`, and one’s own look at `typ`',
  },
  {
    name: 'Authlib',
    language: 'python',
    program: 'authlib_verifier.py',
    algorithms: ['ES256', 'RS256'],
    typs: ['at+jwt'],
    packages: ['Authlib', 'joserfc'],
    needed: 'one’s own `get_jwks`, which keeps the keys for some minutes',
  },
  {
    name: 'golang-jwt+keyfunc',
    language: 'go',
    program: 'golang-jwt',
    algorithms: ALL,
    typs: BOTH,
    packages: ['github.com/golang-jwt/jwt/v5', 'github.com/MicahParks/keyfunc/v3'],
    needed:
      '`WithExpirationRequired`, `WithLeeway`, a `RefreshInterval`, and one’s own look at `typ`',
  },
  {
    name: 'go-oidc',
    language: 'go',
    program: 'go-oidc',
    algorithms: ALL,
    typs: BOTH,
    packages: ['github.com/coreos/go-oidc/v3'],
    needed: '`SupportedSigningAlgs`, one’s own look at `typ`, a new `KeySet` now and then',
  },
  {
    name: 'jwx',
    language: 'go',
    program: 'jwx',
    algorithms: ALL,
    typs: BOTH,
    packages: ['github.com/lestrrat-go/jwx/v3'],
    needed:
      '`WithAcceptableSkew`, `WithRequiredClaim`, a constant interval, one’s own look at `typ`',
  },
  {
    name: 'Nimbus',
    language: 'java',
    program: 'NimbusVerifier',
    algorithms: NO_EDDSA,
    typs: BOTH,
    packages: ['nimbus-jose-jwt'],
    needed: 'a `DefaultJOSEObjectTypeVerifier`, which takes no `at+jwt` by itself',
  },
  {
    name: 'Spring Security',
    language: 'java',
    program: 'SpringVerifier',
    algorithms: NO_EDDSA,
    typs: BOTH,
    packages: ['spring-security-oauth2-jose'],
    needed: '`validateType(false)` and validators of `typ`, `iss`, `aud`, `exp`; time-outs',
  },
]

export const GATEWAY_MAKES: readonly GatewayMake[] = [
  {
    name: 'HAProxy',
    gateway: 'haproxy',
    version: '2.6.12',
    algorithms: ['ES256', 'RS256', 'ES384'],
    typs: BOTH,
    needed: 'what `mintmark gateway config` prints, and the companion that fetches the keys',
  },
  {
    name: 'Apache with mod_oauth2',
    gateway: 'apache',
    version: '2.4.71',
    algorithms: NO_EDDSA,
    typs: BOTH,
    needed: 'what `mintmark gateway config` prints',
  },
]

/**
 * Those that keep their keys for as long as they are told, which key drills count on. Those of Java keep
 * them for half a minute at least.
 */
export const TIMED_MAKES: readonly Make[] = MAKES.filter(({ language }) => language !== 'java')

/** Those that go on using a key after its time, told not to. */
export const STRICT_MAKES: readonly Make[] = MAKES.filter(({ name }) =>
  ['fast-jwt+get-jwks', 'go-oidc'].includes(name),
).map((make) => ({ ...make, name: `${make.name}, strict`, strict: true }))
