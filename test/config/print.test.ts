import { test } from 'tap'
import * as v from 'valibot'
import {
  type ConfigValue,
  flag,
  headers,
  integer,
  list,
  loadConfig,
  printConfig,
  record,
  secret,
  section,
  setting,
  text,
} from '../../src/config/index.ts'

const load = (yaml: string, env: NodeJS.ProcessEnv = {}) => loadConfig({ sources: [`yaml:${yaml}`], env })

const SECRETS = `
exporters:
  a:
    headers: {Authorization: Bearer hush1, X-Scope: hush2}
    token: hush3
    headers_list: authorization=hush3
    api_key: hush4
    sasl: {username: me, password: hush5}
    endpoint: https://me:hush6@host/path?api_key=hush6&tenant=eu&sig=hush6#top
    bearer: \${env:MY_TOKEN}
    mixed: Bearer \${env:MY_TOKEN}
    file: \${file:/dev/null}
    tls: {key_pem: hush8, key_file: /run/key.pem, insecure: true}
    token_url: https://host/token
    list: [{client_secret: hush9}]
    empty: {token: , password: ''}
`

test('where no schema is known, names of keys and variables say what is a secret', async (t) => {
  const printed = printConfig(await load(SECRETS, { MY_TOKEN: 'hush7' }))
  t.notMatch(printed, /hush/)
  t.equal(
    printed,
    `exporters:
  a:
    headers:
      Authorization: "[REDACTED]"
      X-Scope: "[REDACTED]"
    token: "[REDACTED]"
    headers_list: "[REDACTED]"
    api_key: "[REDACTED]"
    sasl:
      username: me
      password: "[REDACTED]"
    endpoint: https://[REDACTED]@host/path?api_key=[REDACTED]&tenant=eu&sig=[REDACTED]#top
    bearer: "[REDACTED]"
    mixed: "[REDACTED]"
    file:
    tls:
      key_pem: "[REDACTED]"
      key_file: /run/key.pem
      insecure: true
    token_url: https://host/token
    list:
      - client_secret: "[REDACTED]"
    empty:
      token:
      password: ""
`,
  )
})

test('where a schema is known, it says what is a secret', async (t) => {
  const schema = section({
    pin: setting(secret, '', 'a'),
    pins: setting(record(secret), {}, 'a'),
    nested: setting(list(section({ pin: setting(secret, '', 'a'), shown: setting(text, '', 'a') })), [], 'a'),
    either: setting(v.union([flag, section({ pin: setting(secret, '', 'a') })]), false, 'a'),
    headers: setting(headers, {}, 'a'),
    token_count: setting(integer(), 0, 'a'),
    token: setting(integer(), 0, 'a'),
  })
  const loaded = await load(
    'x:\n  pin: 1234\n  pins: {a: 12}\n  nested: [{pin: 12, shown: a}]\n  either: {pin: 12}\n  headers: [{name: a, value: 12}]\n  token_count: 12\n  token: 34',
  )
  t.equal(
    printConfig(loaded, [{ path: ['x'], schema }]),
    `x:
  pin: "[REDACTED]"
  pins:
    a: "[REDACTED]"
  nested:
    - pin: "[REDACTED]"
      shown: a
  either:
    pin: "[REDACTED]"
  headers:
    - name: a
      value: "[REDACTED]"
  token_count: 12
  token: 34
`,
  )
})

test('what is printed can be loaded again and means the same', async (t) => {
  const texts = [
    '0622',
    '1_000',
    'yes',
    'no',
    'null',
    '~',
    '',
    ' a',
    'a ',
    'true',
    '1e3',
    '.5',
    '0x1F',
    '2024-01-01',
    'a: b',
    '# a',
    '${env:X}',
    '$$',
    '$1',
    '$${a}',
    '{PodName}',
    '[a',
    '*a',
    '&a',
    '!a',
    '@a',
    '`a',
    '%a',
    '- a',
    '? a',
    'a\nb\n',
    'a\tb',
    "'",
    '"',
    '\\',
    'ä',
    '\u0001',
    '\u{1F600}',
    '<<',
    '=',
    '12:30:45',
    '-',
    '---',
    '...',
    'a\r\nb',
    'x'.repeat(300),
  ]
  const values: ConfigValue[] = [0, -1, 1.5, 9007199254740993n, true, false, null, [], {}, Number.POSITIVE_INFINITY]
  const written = JSON.stringify({ texts }).replaceAll('$', '$$$$')
  const first = await load(`a: ${written}\nb: [0, -1, 1.5, 9007199254740993, true, false, null, [], {}, .inf]`)
  t.same((first.root.a as Record<string, unknown>).texts, texts)
  t.equal(JSON.stringify(first.root.b, bigints), JSON.stringify(values, bigints))
  const again = await load(printConfig(first))
  t.equal(JSON.stringify(again.root, bigints), JSON.stringify(first.root, bigints))
})

const bigints = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? `${value}n` : value)

test('values that several places share are printed in each', async (t) => {
  t.equal(printConfig(await load('a: &x {b: 1}\nc: *x')), 'a:\n  b: 1\nc:\n  b: 1\n')
})
