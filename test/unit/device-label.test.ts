import t from 'tap'
import { deviceLabel } from '../../src/sessions/devices/label.ts'

const labelOf = (userAgent: string | undefined, label?: string) =>
  deviceLabel({ userAgent, label, address: undefined })

const WEBKIT = 'AppleWebKit/605.1.15 (KHTML, like Gecko)'
const CHROME = 'AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0'
const IPHONE = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X)'
const MAC = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)'
const WINDOWS = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64)'

t.test('a browser is called by its name and by what it runs on, without versions', async (t) => {
  for (const [label, agent] of [
    [
      'Firefox on Windows',
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0',
    ],
    ['Firefox on Linux', 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0'],
    ['Firefox on Android', 'Mozilla/5.0 (Android 15; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0'],
    ['Safari on iPhone', `${IPHONE} ${WEBKIT} Version/18.6 Mobile/15E148 Safari/604.1`],
    ['Chrome on iPhone', `${IPHONE} ${WEBKIT} CriOS/142.0.0.0 Mobile/15E148 Safari/604.1`],
    [
      'Safari on iPad',
      `Mozilla/5.0 (iPad; CPU OS 17_6 like Mac OS X) ${WEBKIT} Version/17.6 Mobile/15E148 Safari/604.1`,
    ],
    ['Safari on macOS', `${MAC} ${WEBKIT} Version/18.6 Safari/605.1.15`],
    ['Edge on macOS', `${MAC} ${CHROME} Safari/537.36 Edg/142.0.0.0`],
    ['Opera on Windows', `${WINDOWS} ${CHROME} Safari/537.36 OPR/125.0.0.0`],
    ['Chrome on Chrome OS', `Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${CHROME} Safari/537.36`],
    [
      'Chrome on Android (Pixel 8)',
      `Mozilla/5.0 (Linux; Android 15; Pixel 8) ${CHROME} Mobile Safari/537.36`,
    ],
    [
      'Chrome on Android (Pixel 8)',
      `Mozilla/5.0 (Linux; Android 15; Pixel 8 Build/AP4A.250105; wv) ${CHROME} Mobile Safari/537.36`,
    ],
    ['Chrome on Android', `Mozilla/5.0 (Linux; Android 10; K) ${CHROME} Mobile Safari/537.36`],
    [
      'Browser on Android (GT-I9100)',
      'Mozilla/5.0 (Linux; U; Android 4.0.3; de-de; GT-I9100 Build/IML74K) AppleWebKit/534.30 (KHTML, like Gecko) Version/4.0 Mobile Safari/534.30',
    ],
    ['Unknown program on Linux', 'Mozilla/5.0 (X11; Linux x86_64)'],
  ] as const) {
    t.equal(labelOf(agent), label, agent)
  }
  const updated = `${WINDOWS} ${CHROME.replace('142', '143')} Safari/537.36`
  t.equal(labelOf(updated), labelOf(`${WINDOWS} ${CHROME} Safari/537.36`), 'one day later')
})

t.test('an app or a program is called by the name that it gives itself', async (t) => {
  for (const [label, agent] of [
    ['MyApp on iOS', 'MyApp/3 CFNetwork/1410 Darwin/22'],
    ['My Café on iOS', 'My%20Caf%C3%A9/3 CFNetwork/1410.0.3 Darwin/22.6.0'],
    ['MyApp on macOS', 'MyApp/3 CFNetwork/976 Darwin/18.2.0 (x86_64)'],
    ['MyApp on iOS', 'MyApp/3.1 (com.example.myapp; build:12; iOS 18.6.0) Alamofire/5.10.2'],
    ['MyApp on iPhone', 'MyApp/3.1 (iPhone; iOS 18.6; Scale/3.00)'],
    ['MyApp on Android (Pixel 8)', 'MyApp/3.1 (Android 15; Pixel 8) okhttp/5.1.0'],
    ['App on Android (Pixel 8)', 'Dalvik/2.1.0 (Linux; U; Android 15; Pixel 8 Build/AP4A.250105)'],
    [
      'Slack on Windows',
      `${WINDOWS} ${CHROME.replace('Chrome', 'Slack/4.46 Chrome')} Electron/39.0 Safari/537.36`,
    ],
    ['okhttp', 'okhttp/5.1.0'],
    ['curl', 'curl/8.17.0'],
    ['Node.js', 'node'],
    ['python-requests', 'python-requests/2.32.5'],
  ] as const) {
    t.equal(labelOf(agent), label, agent)
  }
})

t.test('what a backend called the device stands before, and nothing leaves it blank', async (t) => {
  t.equal(labelOf('curl/8.17.0', 'Ada’s phone 👩‍💻'), 'Ada’s phone 👩‍💻')
  t.equal(labelOf('curl/8.17.0', ' \u200b'), 'curl', 'a label that cannot be seen')
  for (const agent of [undefined, '', '  ', '/', 'Mozilla/5.0', '%', '(x)', '\u202e\0']) {
    t.equal(labelOf(agent), 'Unknown device', JSON.stringify(agent))
  }
})

t.test('no user agent makes a label long, unprintable or slow', async (t) => {
  t.equal(labelOf('<script>alert(1)</script>'), 'scriptalert')
  t.equal(labelOf('a'.repeat(512)), 'a'.repeat(40))
  t.equal(
    labelOf(`Mozilla/5.0 (Linux; Android 15; <b>${'x'.repeat(99)}) ${CHROME}`),
    `Chrome on Android (b${'x'.repeat(39)})`,
  )
  // What the patterns of a parser begin with or repeat, over and over: one that goes back and forth
  // over its input would take longer than the test may.
  const parts = [
    ...[
      'Mozilla/5.0 (',
      'Android ',
      'iPhone; ',
      'mac os x 1',
      'os 1',
      ' like Mac OS X',
      'Version/',
    ],
    ...[
      'opt/',
      'opera ',
      'Edg/',
      'Chrome/',
      'firefox/',
      'CFNetwork/',
      'Build/',
      ' (x86_64',
      '(',
      ')',
    ],
    ...[
      '1',
      '1_',
      '.1',
      ' ',
      '/',
      ';',
      '\t',
      '\x1b[2J',
      '\u202e',
      '\ud800',
      '💻',
      'é',
      '<',
      '%',
      '%41',
    ],
  ]
  const wrong = new Set<string>()
  for (const begin of ['', ...parts]) {
    for (const first of parts) {
      for (const second of ['', '1', ' ', ';']) {
        const agent = (begin + (first + second).repeat(512)).slice(0, 512)
        const label = labelOf(agent)
        if (label.length === 0 || label.length > 100 || /[\p{C}<>&"]/u.test(label)) {
          wrong.add(`${JSON.stringify(agent.slice(0, 40))}: ${JSON.stringify(label)}`)
        }
      }
    }
  }
  t.strictSame([...wrong], [])
})
