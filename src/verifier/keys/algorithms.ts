import type { Algorithm } from '../types.ts'

/** What an algorithm needs of its key, and how WebCrypto and OpenSSL call it. */
interface AlgorithmFacts {
  readonly kty: 'EC' | 'RSA' | 'OKP'
  readonly crv: string | undefined
  readonly subtle: Readonly<Record<string, unknown>> & { readonly name: string }
  /** For `verify` of node:crypto: the digest, and how the key is used. */
  readonly digest: string | null
  readonly use: Readonly<Record<string, unknown>>
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
    use: { dsaEncoding: 'ieee-p1363' },
  },
  ES384: {
    kty: 'EC',
    crv: 'P-384',
    subtle: { name: 'ECDSA', hash: 'SHA-384' },
    digest: 'sha384',
    use: { dsaEncoding: 'ieee-p1363' },
  },
  EdDSA: { kty: 'OKP', crv: 'Ed25519', subtle: { name: 'Ed25519' }, digest: null, use: {} },
  RS256: {
    kty: 'RSA',
    crv: undefined,
    subtle: { name: 'RSASSA-PKCS1-v1_5' },
    digest: 'sha256',
    use: {},
  },
  PS256: {
    kty: 'RSA',
    crv: undefined,
    subtle: { name: 'RSA-PSS', saltLength: 32 },
    digest: 'sha256',
    use: { padding: PSS, saltLength: 32 },
  },
}
