import { encodePart } from '../../src/verifier/testing/signing-key.ts'
import type { Bench } from './bench.ts'
import type { Vector } from './vector.ts'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** One token has one spelling (RFC 7515 §2, RFC 4648 §3.5): whatever decodes to the same is refused. */
export async function spellingVectors(bench: Bench): Promise<Vector[]> {
  const good = await bench.sign()
  const [header, payload, signature] = good.split('.') as [string, string, string]
  const last = ALPHABET[ALPHABET.indexOf(signature.slice(-1)) ^ 1]
  const within = (part: string, odd: string) => `${part.slice(0, 8)}${odd}${part.slice(8)}`
  const jwe = `${encodePart(bench.header({ alg: 'RSA-OAEP', enc: 'A256GCM' }))}.AA.AA.AA.AA`
  const said: [name: string, token: string, why: string][] = [
    ['line-break-in-header', `${within(header, '\n')}.${payload}.${signature}`, 'a line break'],
    ['line-break-in-claims', `${header}.${within(payload, '\n')}.${signature}`, 'a line break'],
    ['line-break-in-signature', `${header}.${payload}.${within(signature, '\n')}`, 'a line break'],
    ['space-in-claims', `${header}.${within(payload, ' ')}.${signature}`, 'a space'],
    ['space-in-signature', `${header}.${payload}.${within(signature, ' ')}`, 'a space'],
    ['space-around', ` ${good} `, 'spaces around it'],
    ['line-break-behind', `${good}\n`, 'a line break behind it'],
    [
      'unused-bits',
      `${header}.${payload}.${signature.slice(0, -1)}${last}`,
      'the unused bits of the last character are not 0',
    ],
    ['padded', `${good}==`, 'padding'],
    [
      'other-alphabet',
      `${header}.${payload}.+/${signature.slice(2)}`,
      'characters of plain base64',
    ],
    ['two-dots-alone', '..', 'three empty parts'],
    ['two-parts', `${header}.${payload}`, 'two parts'],
    ['four-parts', `${good}.${signature}`, 'four parts'],
    ['no-header', `.${payload}.${signature}`, 'an empty header'],
    ['no-signature', `${header}.${payload}.`, 'an empty signature'],
    ['no-claims', `${header}..${signature}`, 'empty claims'],
    ['jwe', jwe, 'five parts: it is encrypted'],
    ['bearer-in-front', `Bearer ${good}`, 'the scheme of the header is no part of the token'],
  ]
  return said.map(([name, token, what]) => ({
    name: `spelling-${name}`,
    rfc: 'RFC 7515 section 7.1',
    token,
    expected: 'token_malformed',
    why: `not the one spelling of a compact JWS: ${what}`,
  }))
}
