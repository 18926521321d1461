// What comes from a store of secrets is never shown, wherever it lands and whatever is wrong with it.
import { inspect } from 'node:util'
import { test } from 'tap'
import * as v from 'valibot'
import {
  ConfigError,
  checkSchema,
  duration,
  endpoint,
  flag,
  headers,
  integer,
  knownSecrets,
  type LoadedConfig,
  type LoadOptions,
  list,
  loadConfig,
  oneOf,
  printConfig,
  type Remote,
  record,
  secret,
  section,
  setting,
  text,
  texts,
  url,
} from '../../src/config/index.ts'

const CANARY = 'canary-5f3a'

function remoteOf(values: Readonly<Record<string, string>>): Remote {
  return {
    async retrieve({ scheme, rest }) {
      const given = values[`${scheme}:${rest}`]
      if (given === undefined) throw new Error(`${scheme}:${rest}`)
      return { text: given, isSecret: scheme !== 's3' }
    },
    close() {},
  }
}
const load = (yaml: string, values: Record<string, string>, more: Partial<LoadOptions> = {}) =>
  loadConfig({ env: {}, sources: [`yaml:${yaml}`], openRemote: async () => remoteOf(values), ...more })

const schema = section({
  text: setting(text, '', 'a'),
  number: setting(integer(), 0, 'a'),
  flag: setting(flag, false, 'a'),
  choice: setting(oneOf(['a', 'b']), 'a', 'a'),
  duration: setting(duration, 0, 'a'),
  endpoint: setting(endpoint, ':1', 'a'),
  url: setting(url, 'http://a', 'a'),
  texts: setting(texts, [], 'a'),
  list: setting(list(section({ text: setting(text, '', 'a') })), [], 'a'),
  record: setting(record(integer()), {}, 'a'),
  headers: setting(headers, {}, 'a'),
  secret: setting(secret, '', 'a'),
  section: setting(section({ x: setting(integer(), 1, 'a') }), {}, 'a'),
})

function settingsOf(loaded: LoadedConfig): v.InferOutput<typeof schema> {
  const checked = checkSchema(schema, loaded.root, [], loaded)
  if (checked.problems !== undefined) throw new ConfigError(checked.problems)
  return checked.config
}

test('it is hidden when the config is printed, in settings of every kind', async (t) => {
  const values = {
    'secretsmanager:text': CANARY,
    'secretsmanager:number': '4711471147',
    'ssm:/flag': 'true',
    'ssm:/json': `{"a": {"b": ["${CANARY}"]}}`,
    'secretsmanager:a': 'a',
  }
  const loaded = await load(
    `
text: \${secretsmanager:text}
part: x\${secretsmanager:text}y
number: \${secretsmanager:number}
flag: \${ssm:/flag}
choice: \${secretsmanager:a}
headers: {x: '\${secretsmanager:text}'}
json: \${ssm:/json}
list: ['\${secretsmanager:text}']
nested: '\${yaml:[1, {a: "\${secretsmanager:text}"}]}'
`,
    values,
  )
  const printed = printConfig(loaded, [{ path: [], schema }])
  t.notMatch(printed, new RegExp(`${CANARY}|4711|true`))
  t.match(printed, /^flag: "\[REDACTED\]"$/m)
  t.match(printed, /^number: "\[REDACTED\]"$/m)
  t.match(printed, /^json: "\[REDACTED\]"$/m)
  t.match(loaded.root, { text: CANARY, number: 4_711_471_147, flag: true, json: { a: { b: [CANARY] } } })
})

test('a wrong value is not repeated, not even a part of it', async (t) => {
  const wrongs = [
    CANARY,
    `${CANARY}://host`,
    `[${CANARY}]:1`,
    `a:b:${CANARY}`,
    `http://${CANARY} x/`,
    `{"a":"${CANARY}"}`,
    `["${CANARY}"]`,
  ]
  let cases = 0
  for (const name of Object.keys(schema.entries))
    for (const wrong of wrongs)
      for (const written of ['${secretsmanager:x}', '${ssm:/x}', 'x${ssm:/x}']) {
        const loaded = await load(`${name}: '${written}'\nunknown: '${written}'`, {
          'secretsmanager:x': wrong,
          'ssm:/x': wrong,
        })
        const { problems = [] } = checkSchema(schema, loaded.root, [], loaded)
        const said = new ConfigError(problems).message + JSON.stringify(problems) + inspect(problems, { depth: 9 })
        t.notMatch(said, /canary|5f3a/, `${name} ${written} ${wrong}`)
        t.ok(problems.some(({ path }) => path[0] === 'unknown'))
        cases++
      }
  t.ok(cases > 0)
})

test('of JSON, the places inside are as secret as the whole', async (t) => {
  const loaded = await load('headers: ${ssm:/h}\nrecord: ${ssm:/r}\nsection: ${ssm:/s}', {
    'ssm:/h': `{"x-key": "${CANARY}\\u0007"}`,
    'ssm:/r': `{"a": "${CANARY}"}`,
    'ssm:/s': `{"x": "${CANARY}", "y": "${CANARY}"}`,
  })
  const { problems = [] } = checkSchema(schema, loaded.root, [], loaded)
  t.equal(problems.length, 4)
  t.notMatch(new ConfigError(problems).message, /canary/)
  t.ok(loaded.isSecret(['section', 'x']))
})

test('a text that YAML would take for more stays the text that it is', async (t) => {
  const passwords = [
    'user: pass',
    '- a',
    '~',
    'null',
    '"quoted"',
    '&a b',
    '*a',
    'a$$b',
    '${env:X}',
    '$',
    '#a',
    ' a ',
    '!!js/x y',
    '@',
    '',
  ]
  for (const password of passwords) {
    const loaded = await load("secret: '${ssm:/x}'\ntext: 'x${ssm:/x}$$'", { 'ssm:/x': password })
    const config = settingsOf(loaded)
    t.equal(config.secret.reveal(), password)
    t.equal(config.text, `x${password}$`)
  }
})

test('a secret is no part of another reference', async (t) => {
  for (const written of [
    '${env:${ssm:/x}}',
    '${env:a ${ssm:/x}}',
    '${file:/none/${ssm:/x}}',
    '${${ssm:/x}:y}',
    '${fil:${ssm:/x}}',
  ]) {
    const error = await load(`a: '${written}'`, { 'ssm:/x': CANARY }).catch((reason: unknown) => reason)
    t.ok(error instanceof ConfigError, written)
    t.notMatch(error instanceof Error && error.message, /canary/, written)
  }
})

test('settings that hold a secret do not show it', async (t) => {
  const loaded = await load('secret: ${ssm:/x}\nheaders: {authorization: "Bearer ${ssm:/x}"}', { 'ssm:/x': CANARY })
  const config = settingsOf(loaded)
  t.equal(config.secret.reveal(), CANARY)
  for (const shown of [
    JSON.stringify(config),
    inspect(config, { depth: 9, showHidden: true, getters: true }),
    String(config.secret),
    `${config.secret}`,
    JSON.stringify({ ...config.secret }),
    JSON.stringify(structuredClone({ ...config.secret })),
  ])
    t.notMatch(shown, /canary/)
})

test('the texts that a log must not have are known: as they came, in parts, and what a setting makes a secret', async (t) => {
  const loaded = await load(
    `
exporters:
  a:
    text: \${secretsmanager:x}
    part: Bearer \${ssm:/y}
    json: \${secretsmanager:json}
    headers: {authorization: Bearer inline-token, x-scope: everyone-knows, x-team: "\${env:TEAM_ID}"}
    secret: \${env:PLAIN}
    region: \${env:REGION_NAME}
    open: nothing-secret
    token: written-out
`,
    { 'secretsmanager:x': `${CANARY}-1`, 'ssm:/y': `${CANARY}-2`, 'secretsmanager:json': '{"a":"member-of-it"}' },
    { env: { TEAM_ID: 'team-4711', PLAIN: 'plain-secret', REGION_NAME: 'eu-west-1' } },
  )
  const known = knownSecrets(loaded, [
    {
      path: ['exporters', 'a'],
      schema: section({ secret: setting(secret, '', 'a'), headers: setting(headers, {}, 'a') }),
    },
  ])
  t.same(known.toSorted(), [
    'Bearer canary-5f3a-2',
    'Bearer inline-token',
    'canary-5f3a-1',
    'canary-5f3a-2',
    'inline-token',
    'member-of-it',
    'plain-secret',
    'team-4711',
    'written-out',
    '{"a":"member-of-it"}',
  ])
})

test('offline nothing is asked: what would come from elsewhere is never wrong, everything else is checked', async (t) => {
  let asked = 0
  const offline = (yaml: string) =>
    load(
      yaml,
      {},
      {
        isOffline: true,
        openRemote: async () => {
          asked++
          return remoteOf({})
        },
        fetch: async () => {
          asked++
          throw new Error('no')
        },
      },
    )
  const names = Object.keys(schema.entries)
  for (const written of [
    '${secretsmanager:x}',
    '${ssm:/x:3}',
    '${s3:bucket/key}',
    '${https://host/x}',
    'a${ssm:/x}b',
  ]) {
    const right = await offline(names.map((name) => `${name}: '${written}'`).join('\n'))
    const checked = checkSchema(schema, right.root, [], right)
    t.same(checked.problems ?? [], [], written)
    t.ok(right.read.length > 0)
  }
  const wrong = await offline('number: many\ntext: ${ssm:/x}\nurl: ${s3:b-1/x}\nnope: 1')
  const { problems } = checkSchema(schema, wrong.root, [], wrong)
  t.match(
    problems?.map(({ path }) => path.join()),
    ['number', 'nope'],
  )
  t.match(printConfig(wrong), 'url: ${s3:b-1/x}')
  await t.rejects(
    offline('a: 1').then(() => load('', {}, { isOffline: true, sources: ['s3:bucket/key'] })),
    {
      message: /s3: is not read offline/,
    },
  )
  t.equal(asked, 0)
})

test('a whole config from a secret parameter is not quoted', async (t) => {
  const values = { 'ssm:/config': `number: ${CANARY}\ntext: open` }
  const loaded = await load('', values, { sources: ['ssm:/config'] })
  t.equal(loaded.root.text, 'open')
  const { problems = [] } = checkSchema(schema, loaded.root, [], loaded)
  t.match(problems, [{ location: { source: 'ssm:/config', line: 1, text: '[REDACTED]' } }])
  t.notMatch(new ConfigError(problems).message, /canary/)
})

test('a source that is nowhere at hand is refused', async (t) => {
  await t.rejects(loadConfig({ env: {}, sources: ['yaml:a: ${ssm:/x}'] }), { message: /ssm: cannot be read here/ })
  t.ok(v.is(schema, {}))
})

test('what cannot even be opened is an error where it is named, and nowhere else', async (t) => {
  const openRemote = async (): Promise<Remote> => {
    throw new Error('no library')
  }
  const error = await load('a: ${ssm:/x}', {}, { openRemote }).catch((reason: unknown) => reason)
  t.match(error instanceof ConfigError && error.problems, [{ message: 'no library', path: ['a'] }])
})
