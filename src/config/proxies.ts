import { isIP, isIPv6 } from 'node:net'
import type { Reader } from './readers.ts'

/** Networks that have a name here. */
const NAMED: Record<string, readonly string[]> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
}

/** A network in CIDR notation, taken apart. */
export interface Network {
  readonly address: string
  readonly prefix: number
  readonly family: 'ipv4' | 'ipv6'
}

/**
 * Reads the comma-separated addresses and networks of trusted proxies. A network of prefix 0 would
 * trust everybody, and with it whatever anybody writes into X-Forwarded-For: it is refused.
 */
export const networkList: Reader<readonly Network[]> = (text) => {
  if (text === '') return { value: Object.freeze([]) }
  const networks = text
    .split(',')
    .map((part) => part.trim())
    .flatMap((part) => (Object.hasOwn(NAMED, part) ? (NAMED[part] ?? []) : [part]))
    .map(readNetwork)
  return networks.every((network) => network !== undefined)
    ? { value: Object.freeze(networks) }
    : {
        problem:
          'must be a comma-separated list of IP addresses, networks such as 10.0.0.0/8 (not /0), ' +
          'and the words loopback, linklocal, uniquelocal',
      }
}

function readNetwork(text: string): Network | undefined {
  const [address = '', prefix, ...rest] = text.split('/')
  if (isIP(address) === 0 || address.includes('%') || rest.length > 0) return undefined
  const family = isIPv6(address) ? 'ipv6' : 'ipv4'
  const longest = family === 'ipv6' ? 128 : 32
  if (prefix === undefined) return Object.freeze({ address, prefix: longest, family })
  const fits = /^[1-9][0-9]{0,2}$/.test(prefix) && Number(prefix) <= longest
  return fits ? Object.freeze({ address, prefix: Number(prefix), family }) : undefined
}
