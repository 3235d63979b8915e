import { AUDIENCE, type Bench } from './bench.ts'
import type { Vector } from './vector.ts'

/** Claims that one parser reads otherwise than another, or that weigh too much. */
export async function jsonVectors({ claims, sign, rewrite }: Bench): Promise<Vector[]> {
  const json = JSON.stringify(claims())
  const bytes = new TextEncoder().encode(json)
  const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`
  const malformed: [name: string, token: Promise<string>, why: string][] = [
    ['sub-twice', rewrite((text) => text.replace('{', '{"sub":"admin",')), 'sub stands twice'],
    [
      'sub-twice-behind',
      rewrite((text) => text.replace(/\}$/, ',"sub":"admin"}')),
      'sub stands twice',
    ],
    [
      'sub-twice-escaped',
      rewrite((text) => text.replace('{', '{"s\\u0075b":"admin",')),
      'sub stands twice, once escaped',
    ],
    [
      'twice-within',
      rewrite((text) => text.replace('{', '{"org":{"id":1,"id":2},')),
      'a name stands twice in an object within',
    ],
    ['bom', sign({ claims: `\ufeff${json}` }), 'a byte order mark'],
    ['invalid-utf-8', sign({ claims: withByte(bytes, 0xff) }), 'bytes that are no UTF-8'],
    ['lone-surrogate', sign({ claims: claims({ sub: '\ud800' }) }), 'half of a surrogate pair'],
    [
      'nested-17',
      rewrite((text) => text.replace('{', `{"deep":${nested(17)},`)),
      'more than 16 levels',
    ],
    [
      'nested-100',
      rewrite((text) => text.replace('{', `{"deep":${nested(100)},`)),
      'more than 16 levels',
    ],
    ['list', sign({ claims: `[${json}]` }), 'claims are an object'],
    ['text', sign({ claims: JSON.stringify(json) }), 'claims are an object'],
    ['null', sign({ claims: 'null' }), 'claims are an object'],
    ['cut-off', sign({ claims: json.slice(0, -1) }), 'no JSON'],
    ['behind', sign({ claims: `${json}{}` }), 'something behind the object'],
    [
      'exp-infinite',
      rewrite((text) => text.replace(/"exp":\d+/, '"exp":1e400')),
      'a number that is read as Infinity: the token would never expire',
    ],
    ['nan', rewrite((text) => text.replace(/"exp":\d+/, '"exp":NaN')), 'no JSON: NaN'],
  ]
  const claim: [name: string, token: Promise<string>, why: string][] = [
    [
      'exp-beyond-integers',
      rewrite((text) => text.replace(/"exp":\d+/, '"exp":9007199254740993')),
      'exp is no number that can be told from its neighbour',
    ],
    [
      'sub-of-the-prototype',
      rewrite((text) => text.replace(/"sub":"[^"]*",/, '"__proto__":{"sub":"admin"},')),
      'sub is not a claim of its own: it would come from __proto__',
    ],
    [
      'sub-of-a-constructor',
      rewrite((text) =>
        text.replace(/"sub":"[^"]*",/, '"constructor":{"prototype":{"sub":"admin"}},'),
      ),
      'sub is not a claim of its own',
    ],
  ]
  const long = await sign({ claims: claims({ note: 'x'.repeat(5_880) }) })
  return [
    ...(await Promise.all(
      malformed.map(async ([name, token, why]) => ({
        name: `json-${name}`,
        rfc: 'RFC 7519 section 7.2',
        token: await token,
        expected: 'token_malformed' as const,
        why: `not JSON that everybody reads alike: ${why}`,
      })),
    )),
    ...(await Promise.all(
      claim.map(async ([name, token, why]) => ({
        name: `json-${name}`,
        rfc: 'RFC 7519 section 2',
        token: await token,
        expected: 'claim_invalid' as const,
        why,
      })),
    )),
    {
      name: 'too-large',
      token: long,
      expected: 'token_too_large',
      why: `${long.length} bytes, of 8192 that are read; its audience ${AUDIENCE} is right`,
    },
  ]
}

/** The first letter of `user-1` becomes this byte. */
function withByte(bytes: Uint8Array, byte: number): Uint8Array {
  const at = Buffer.from(bytes).indexOf('user-1')
  return bytes.map((one, index) => (index === at ? byte : one))
}
