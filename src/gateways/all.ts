import { apache } from './apache.ts'
import { apisix } from './apisix.ts'
import { envoy } from './envoy.ts'
import { haproxy } from './haproxy.ts'
import { kong } from './kong.ts'
import { nginx } from './nginx.ts'
import type { Gateway } from './settings.ts'
import { spring } from './spring.ts'
import { traefik } from './traefik.ts'

/** The gateways that a configuration is printed for, by name. */
export const GATEWAYS = {
  nginx,
  haproxy,
  envoy,
  kong,
  apisix,
  apache,
  traefik,
  spring,
} satisfies Record<string, Gateway>

/** The name of a gateway that is known here. */
export type GatewayName = keyof typeof GATEWAYS

export const gatewayNames = Object.keys(GATEWAYS) as GatewayName[]
