import { GATEWAY_MAKES, type GatewayMake, MAKES, type Make } from './verifier-makes.ts'
import { versionsOf } from './verifier-versions.ts'

/** The table of verifiers in README.md, which `npm run drills -- interop` proves. */
export function verifiersTable(): string {
  const rows = [
    ...MAKES.map((make) => row(make, versionsOf(make))),
    ...GATEWAY_MAKES.map((make) => row(make, make.version)),
  ]
  return [
    '| Verifier | Version | Algorithms | `typ` | What it needed |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n')
}

const row = ({ name, algorithms, typs, needed }: Make | GatewayMake, version: string) =>
  `| ${[name, version, algorithms.join(' '), typs.join(', '), needed].join(' | ')} |`
