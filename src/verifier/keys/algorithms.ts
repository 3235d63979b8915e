import type { Algorithm } from '../types.ts'

/** What an algorithm needs of its key, and how WebCrypto and OpenSSL call it. */
interface AlgorithmFacts {
  readonly kty: 'EC' | 'RSA' | 'OKP'
  readonly crv: string | undefined
  readonly subtle: Readonly<Record<string, unknown>> & { readonly name: string }
  /** For `verify` of node:crypto: the digest, and how the key is used. */
  readonly digest: string | null
  readonly use: Readonly<Record<string, unknown>> | undefined
  /** Of ECDSA, in bytes: how long R and S are each (RFC 7518 §3.4). */
  readonly half: number | undefined
}

/** RSA_PKCS1_PSS_PADDING of OpenSSL. */
const PSS = 6

/** RFC 7518 §3.3 to §3.5, RFC 8037 §3.1. One key, one algorithm (RFC 8725 §3.1). */
export const ALGORITHM_FACTS: Readonly<Record<Algorithm, AlgorithmFacts>> = {
  ES256: {
    kty: 'EC',
    crv: 'P-256',
    subtle: { name: 'ECDSA', hash: 'SHA-256' },
    digest: 'sha256',
    use: undefined,
    half: 32,
  },
  ES384: {
    kty: 'EC',
    crv: 'P-384',
    subtle: { name: 'ECDSA', hash: 'SHA-384' },
    digest: 'sha384',
    use: undefined,
    half: 48,
  },
  EdDSA: {
    kty: 'OKP',
    crv: 'Ed25519',
    subtle: { name: 'Ed25519' },
    digest: null,
    use: undefined,
    half: undefined,
  },
  RS256: {
    kty: 'RSA',
    crv: undefined,
    subtle: { name: 'RSASSA-PKCS1-v1_5' },
    digest: 'sha256',
    use: undefined,
    half: undefined,
  },
  PS256: {
    kty: 'RSA',
    crv: undefined,
    subtle: { name: 'RSA-PSS', saltLength: 32 },
    digest: 'sha256',
    use: { padding: PSS, saltLength: 32 },
    half: undefined,
  },
}
