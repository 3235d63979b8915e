import t from 'tap'
import { networkList } from '../../src/config/proxies.ts'
import { addressPrefix, readAddress, trustOnly } from '../../src/http/address.ts'

t.test('an address has one spelling, whoever tells it', async (t) => {
  const spellings: Record<string, string> = {
    '192.0.2.1': '192.0.2.1',
    ' 192.0.2.1 ': '192.0.2.1',
    '192.0.2.1:5678': '192.0.2.1',
    '::ffff:192.0.2.1': '192.0.2.1',
    '::ffff:c000:201': '192.0.2.1',
    '[::ffff:192.0.2.1]:80': '192.0.2.1',
    '2001:DB8:0:0::1': '2001:db8::1',
    '[2001:db8::1]': '2001:db8::1',
    '[2001:db8::1]:5678': '2001:db8::1',
    'fe80::1%eth0': 'fe80::1',
  }
  for (const [text, address] of Object.entries(spellings)) t.equal(readAddress(text), address, text)
})

t.test('what is no address is none', async (t) => {
  const texts = ['', 'unknown', '_hidden', '192.0.2.1:', '192.0.2.1:123456', '192.0.2', '01.2.3.4']
  texts.push('192.0.2.1, 192.0.2.2', '[::1', '::1]', ':::', '1e3', '"192.0.2.1"', '192.0.2.1/24')
  for (const text of texts) t.equal(readAddress(text), undefined, text)
  t.equal(readAddress(undefined), undefined)
})

t.test('one subscriber is one IPv4 address, or one /64', async (t) => {
  t.equal(addressPrefix('192.0.2.1'), '192.0.2.1')
  t.equal(addressPrefix('2001:db8:1:2:3:4:5:6'), addressPrefix('2001:db8:1:2::1'))
  t.not(addressPrefix('2001:db8:1:2::1'), addressPrefix('2001:db8:1:3::1'))
  t.not(addressPrefix(undefined), addressPrefix('192.0.2.1'))
})

t.test('a proxy is trusted by its address, however that is written', async (t) => {
  const trusts = (list: string) => {
    const reading = networkList(list)
    return trustOnly('value' in reading ? reading.value : [])
  }
  t.equal(trusts(''), false, 'nobody unless asked for')
  const trust = trusts('10.0.0.0/8,192.0.2.7,loopback,2001:db8::/32')
  if (trust === false) throw new Error('nobody is trusted')
  const trusted = ['10.1.2.3', '::ffff:10.1.2.3', '10.1.2.3:443', '192.0.2.7', '127.0.0.9', '::1']
  for (const address of [...trusted, '2001:db8:9::1']) t.ok(trust(address), address)
  for (const address of [
    '11.0.0.1',
    '192.0.2.8',
    '2001:db9::1',
    'unknown',
    '',
    '::ffff:11.0.0.1',
  ]) {
    t.notOk(trust(address), address)
  }
})
