import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net'
import { normalizeIP } from '@fastify/rate-limit'
import type { FastifyRequest } from 'fastify'
import type { Network } from '../config/proxies.ts'

/**
 * The one spelling of an IP address, as a socket or a proxy tells it: without a port, brackets or a
 * zone, and IPv4 where IPv6 only wraps it. Undefined when the text is no address.
 */
export function readAddress(text: string | undefined): string | undefined {
  const spelt = (text ?? '').trim()
  const inner =
    /^\[([^\]]*)\](?::\d{1,5})?$/.exec(spelt)?.[1] ?? /^([\d.]+):\d{1,5}$/.exec(spelt)?.[1] ?? spelt
  const [address = ''] = inner.split('%')
  if (isIPv4(address)) return address
  return isIPv6(address) ? normalizeIP(address, 128) : undefined
}

/**
 * Where a request comes from: the one address that is logged, stored and limited. Of what trusted
 * proxies wrote into X-Forwarded-For it is the last address that is none of theirs; where they wrote
 * nothing that can be read, it is the proxy itself.
 */
export function addressOf(request: FastifyRequest): string | undefined {
  for (const hop of (request.ips ?? [request.ip]).toReversed()) {
    const address = readAddress(hop)
    if (address !== undefined) return address
  }
  return undefined
}

/** What is limited as one caller: an IPv4 address, or the /64 that one IPv6 subscriber has. */
export function addressPrefix(address: string | undefined): string {
  return address === undefined ? 'unknown' : normalizeIP(address)
}

/** For Fastify's `trustProxy`: whether an address is one of ours. False when there are none. */
export function trustOnly(proxies: readonly Network[]): false | ((address: string) => boolean) {
  if (proxies.length === 0) return false
  const trusted = new BlockList()
  for (const { address, prefix, family } of proxies) trusted.addSubnet(address, prefix, family)
  return (hop) => {
    const address = readAddress(hop)
    if (address === undefined) return false
    return trusted.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
  }
}
