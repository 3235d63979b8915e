import { Type } from 'typebox'

const exact = { additionalProperties: false }
const common = {
  kid: Type.String({ description: 'The thumbprint of the key (RFC 7638).' }),
  use: Type.Literal('sig'),
}

/** A key of RFC 7518 §6.2. */
const curve = (alg: 'ES256' | 'ES384', crv: 'P-256' | 'P-384') =>
  Type.Object(
    {
      ...common,
      alg: Type.Literal(alg),
      kty: Type.Literal('EC'),
      crv: Type.Literal(crv),
      x: Type.String(),
      y: Type.String(),
    },
    exact,
  )

/** A key of RFC 7518 §6.3. */
const rsa = (alg: 'RS256' | 'PS256') =>
  Type.Object(
    {
      ...common,
      alg: Type.Literal(alg),
      kty: Type.Literal('RSA'),
      n: Type.String(),
      e: Type.String(),
    },
    exact,
  )

/** A key of RFC 8037 §2. */
const edwards = Type.Object(
  {
    ...common,
    alg: Type.Literal('EdDSA'),
    kty: Type.Literal('OKP'),
    crv: Type.Literal('Ed25519'),
    x: Type.String(),
  },
  exact,
)

/** The public half of a signing key: one shape for each algorithm, and nothing beside it. */
export const Jwk = Type.Union([
  curve('ES256', 'P-256'),
  rsa('RS256'),
  rsa('PS256'),
  edwards,
  curve('ES384', 'P-384'),
])

/** The key of RFC 7515 appendix A.3. */
export const ES256_EXAMPLE = {
  kid: 'oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U',
  alg: 'ES256',
  use: 'sig',
  kty: 'EC',
  crv: 'P-256',
  x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
  y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
}

/** The key of RFC 8037 appendix A.2. */
export const EDDSA_EXAMPLE = {
  kid: 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
  alg: 'EdDSA',
  use: 'sig',
  kty: 'OKP',
  crv: 'Ed25519',
  x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
}
