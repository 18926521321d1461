import { join } from 'node:path'
import { test } from 'tap'
import * as v from 'valibot'
import {
  anything,
  checkSchema,
  componentId,
  duration,
  endpoint,
  flag,
  formatPath,
  formatProblems,
  headers,
  integer,
  list,
  loadConfig,
  named,
  nearest,
  oneOf,
  optional,
  type Problem,
  record,
  required,
  secret,
  section,
  setting,
  size,
  text,
  texts,
  url,
} from '../../src/config/index.ts'

const schema = section({
  endpoint: setting(endpoint, 'localhost:1', 'Where.'),
  url: optional(url, 'Where to.'),
  timeout: setting(duration, '5s', 'How long.'),
  max_size: setting(size, '20MiB', 'How large.'),
  count: setting(integer(1, 100), 10, 'How many.'),
  enabled: setting(flag, false, 'Whether.'),
  mode: setting(oneOf(['basic', 'normal', 'detailed']), 'basic', 'How.'),
  name: setting(text, '', 'What.'),
  names: setting(texts, [], 'Which.'),
  token: setting(secret, '', 'Hush.'),
  pin: setting(secret, '', 'Hush.'),
  headers: setting(headers, {}, 'Sent.'),
  labels: setting(record(text), {}, 'Added.'),
  actions: setting(
    list(section({ key: required(text, 'What.'), value: setting(anything, null, 'What for.') })),
    [],
    'Done.',
  ),
  grpc: named(
    section({
      port: setting(integer(), 1, 'Where.'),
      tls: optional(section({ ca_file: required(text, 'Who.') }), 'TLS.'),
    }),
    'gRPC.',
  ),
})
const load = (yaml: string, env: NodeJS.ProcessEnv = {}) =>
  loadConfig({ sources: [`yaml:exporters:\n  x:\n${yaml.replace(/^/gm, '    ')}`], env })
const check = async (yaml: string, env: NodeJS.ProcessEnv = {}) => {
  const loaded = await load(yaml, env)
  const exporters = loaded.root.exporters as Record<string, unknown>
  return checkSchema(schema, exporters.x, ['exporters', 'x'], loaded)
}
const said = async (yaml: string, env: NodeJS.ProcessEnv = {}): Promise<string[]> =>
  lines((await check(yaml, env)).problems ?? [])
const lines = (problems: readonly Problem[]): string[] =>
  problems.map(({ path, message, location, hint }) =>
    [
      `${location ? location.line - 2 : '?'}:${location ? location.column - 4 : '?'} ${formatPath(path.slice(2))}: ${message}`,
      hint,
    ]
      .filter(Boolean)
      .join('; '),
  )

test('an absent component, an absent setting and an empty one mean the defaults', async (t) => {
  for (const yaml of ['', '{}', 'timeout:\ncount: null\nheaders:\nactions:\nname: ~']) {
    const { config } = (await check(yaml)) as { config: v.InferOutput<typeof schema> }
    t.match(config, {
      timeout: 5000,
      max_size: 20_971_520,
      count: 10,
      enabled: false,
      mode: 'basic',
      names: [],
      actions: [],
    })
    t.equal(config.grpc, undefined)
  }
  const { config } = (await check('grpc:')) as { config: v.InferOutput<typeof schema> }
  t.match(config.grpc, { port: 1 })
})

test('every wrong value is said with its place, what is there, and what would be right', async (t) => {
  t.same(
    await said(
      `
endpoint: http://localhost:4317
url: file:///etc/passwd
timeout: -1s
max_size: big
count: 1000
enabled: "true"
mode: verbose
names: {a: b}
headers: {a b: c}
labels: [a]
actions: [{value: 1}, {key: [a]}]
grpc: {port: 1.5, tls: {}}
`.trim(),
    ),
    [
      '1:11 endpoint: must be host:port, without http://, got "http://localhost:4317"',
      '2:6 url: must begin with http:// or https://, not file://, got "file:///etc/passwd"',
      '3:10 timeout: must not be negative, got "-1s"',
      '4:11 max_size: must be a size such as 1048576, 512KiB or 20MiB, got "big"',
      '5:8 count: must be at most 100, got 1000',
      '6:10 enabled: must be true or false, got "true"; write true without quotes',
      '7:7 mode: must be one of basic, normal, detailed, got "verbose"',
      '8:1 names: must be a list of texts, got a mapping',
      '9:16 headers::a b: "a b" is no name of a header',
      '10:1 labels: must be a mapping, got a list',
      '11:11 actions[0]::key: is required',
      '11:24 actions[1]::key: must be a text, got a list',
      '12:14 grpc::port: must be a whole number, got 1.5',
      '12:19 grpc::tls::ca_file: is required',
    ],
  )
})

test('every unknown setting is said, deep ones too, with the one that was meant', async (t) => {
  t.same(
    await said(
      `
endpiont: a
time_out: 5s
sendingQueue: 1
grpc: {prot: 5, tls: {cafile: x, ca_file: y}}
actions: [{key: a, vlaue: 1}]
__proto__: 1
constructor: 2
toString: 3
`.trim(),
    ),
    [
      '1:1 endpiont: there is no such setting; did you mean endpoint?',
      '2:1 time_out: there is no such setting; did you mean timeout?',
      ...['3:1 sendingQueue', '6:1 __proto__', '7:1 constructor', '8:1 toString'].map(
        (at) =>
          `${at}: there is no such setting; there are actions, count, enabled, endpoint, grpc, headers, labels, max_size, mode, name, names, pin, timeout, token, url`,
      ),
      '4:8 grpc::prot: there is no such setting; did you mean port?',
      '4:23 grpc::tls::cafile: there is no such setting; did you mean ca_file?',
      '5:20 actions[0]::vlaue: there is no such setting; did you mean value?',
    ].sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10)),
  )
})

test('slips that YAML lets through are seen when the value is checked', async (t) => {
  const cases: [string, string][] = [
    [
      'name: {PodName}',
      '1:1 name: must be a text, got a mapping; without quotes {PodName} is a mapping; write "{PodName}"',
    ],
    ['grpc:\n  port:5', '2:3 grpc: must be a mapping, got "port:5"; a space is missing after the colon: port: 5'],
    ['grpc: [a]', '1:1 grpc: must be a mapping, got a list'],
    ['count: "5"', '1:8 count: must be a whole number, got "5"; write 5 without quotes'],
    ['enabled: yes', '1:10 enabled: must be true or false, got "yes"; write true'],
    ['enabled: off', '1:10 enabled: must be true or false, got "off"; write false'],
    ['timeout: "30"', '1:10 timeout: must be a duration such as 200ms, 5s or 1m30s, got "30"; a unit is missing: 30s'],
    ['timeout: 30 sec', '1:10 timeout: must be a duration such as 200ms, 5s or 1m30s, got "30 sec"; write 30s'],
    [
      'timeout: 2d',
      '1:10 timeout: must be a duration such as 200ms, 5s or 1m30s, got "2d"; days are written in hours: 48h',
    ],
    ['timeout: 1e99h', '1:10 timeout: must be a duration such as 200ms, 5s or 1m30s, got "1e99h"'],
    ['timeout: NaN', '1:10 timeout: must be a duration such as 200ms, 5s or 1m30s, got "NaN"'],
    ['timeout: .nan', '1:10 timeout: must be a duration such as 200ms, 5s or 1m30s, got NaN'],
    ['actions: 5', '1:10 actions: must be a list, got 5; write it as a list: [5]'],
    ['endpoint: me:hush@host:1', '1:11 endpoint: must be host:port, got "[REDACTED]@host:1"'],
    ['mode: basci', '1:7 mode: must be one of basic, normal, detailed, got "basci"; did you mean basic?'],
    [
      'count: 9223372036854775807',
      '1:8 count: must be a whole number, got 9223372036854775807; numbers go up to 9007199254740991',
    ],
    ['endpoint: "a\\r\\nb:1"', '1:11 endpoint: "a\\r\\nb" is no host, got "a\\r\\nb:1"'],
  ]
  for (const [yaml, wanted] of cases) t.same(await said(yaml), [wanted])
  t.match(await said(`name: [${'x, '.repeat(10)}]\nmode: ${'y'.repeat(500)}`), [/got a list/, /got "y{60}…"$/])
})

test('a wrong value from a variable names the variable', async (t) => {
  t.same(await said('count: ${env:N}', { N: '80a' }), ['1:8 count: must be a whole number, got "80a" (from ${env:N})'])
  t.same(await said('endpoint: ${env:HOST}:${env:PORT}', { HOST: 'a' }), [
    '1:11 endpoint: the port is missing, got "a:" (from ${env:HOST}, ${env:PORT}); the environment variable PORT is not set',
  ])
  t.same(await said('endpoint: ${env:E}', { E: '' }), ['1:11 endpoint: must not be empty; ${env:E} is empty'])
  t.same(await said('endpoint: ${env:E}'), ['1:11 endpoint: must not be empty; the environment variable E is not set'])
  t.same(await said('count: ${env:A:-hush}'), ['1:8 count: must be a whole number, got "hush" (from ${env:A})'])
})

test('a rule about a section does not blame the section, but what is not set in it', async (t) => {
  const ruled = v.pipe(
    section({
      to: setting(text, '', 'Where to.'),
      other: setting(section({ to: setting(text, '', 'Or there.') }), {}, 'Or.'),
      names: setting(v.pipe(texts, v.minLength(1, 'must not be empty')), ['a'], 'Which.'),
    }),
    v.check(({ to, other }) => to !== '' || other.to !== '', 'needs to, or other::to'),
  )
  const saidOf = async (yaml: string): Promise<string[]> => {
    const loaded = await load(yaml)
    const exporters = loaded.root.exporters as Record<string, unknown>
    return lines(checkSchema(ruled, exporters.x, ['exporters', 'x'], loaded).problems ?? [])
  }
  const said = (hint = ''): string[] => [`0:-1 : needs to, or other::to${hint}`]
  t.same(await saidOf('to: ""'), said())
  t.same(await saidOf('to: ${env:TO}'), said('; the environment variable TO is not set'))
  t.same(
    await saidOf('to: ${env:TO}\nother: {to: "${env:OTHER}"}'),
    said('; the environment variables TO, OTHER are not set'),
  )
  t.same(await saidOf('{to: "${env:TO:-}"}'), said())
  t.same(await saidOf('to: a\nnames: []'), ['2:1 names: must not be empty'])
})

test('what a reference gives ends with a line break: the hint says how to be rid of it', async (t) => {
  const folder = t.testdir({ token: 'hush\n' })
  const file = join(folder, 'token')
  const [inFile] = (await check(`headers: {authorization: "Bearer \${file:${file}}"}`)).problems ?? []
  t.match(inFile, { code: 'unfit_header', message: /ends with a line break/ })
  t.equal(inFile?.hint, `\${file:${file}} ends with a line break: write the file without one: printf %s … > ${file}`)
  const [inVariable] = (await check('headers: {authorization: "Bearer ${env:T}"}', { T: 'hush\r\n' })).problems ?? []
  t.equal(inVariable?.hint, '${env:T} ends with a line break: take it out there')
  const [endpoint] = (await check('endpoint: "a:1${env:T}"', { T: '\n' })).problems ?? []
  t.equal(endpoint?.hint, '${env:T} ends with a line break: take it out there')
  t.notMatch(JSON.stringify([inFile, inVariable]), /hush/)
})

test('a secret is never repeated, whatever is wrong with it', async (t) => {
  const yaml = `
token: [hush1]
pin: {hush2: hush3}
headers: {authorization: "hush4\\nx", x: {a: hush5}, b: hush6}
count: \${env:MY_TOKEN}
name: {api_key: hush8}
labels: {password: [hush9]}
`.trim()
  const loaded = await load(yaml, { MY_TOKEN: 'hush7' })
  const exporters = loaded.root.exporters as Record<string, unknown>
  const { problems = [] } = checkSchema(schema, exporters.x, ['exporters', 'x'], loaded)
  t.equal(problems.length, 6)
  t.notMatch(formatProblems(problems), /hush/)
  t.notMatch(JSON.stringify(problems), /hush/)
  const flow = await load('{pin: 4711, count: x, labels: [hush]}')
  const inOneLine = checkSchema(schema, (flow.root.exporters as Record<string, unknown>).x, ['exporters', 'x'], flow)
  t.match(inOneLine.problems?.[0]?.location?.text, /\{pin: \[REDACTED\], count: x/)
  const short = await load('{pin: o, count: x}')
  const { problems: ofShort } = checkSchema(
    schema,
    (short.root.exporters as Record<string, unknown>).x,
    ['exporters', 'x'],
    short,
  )
  t.match(ofShort?.at(-1)?.location?.text, /\{pin: \[REDACTED\], count: x/, 'what is alike in other words stays')
})

test('an address that hands out credentials, and a password in a URL, are warned of', async (t) => {
  const warnings = async (yaml: string) => {
    const checked = await check(yaml)
    return checked.problems === undefined
      ? checked.warnings.map(({ message, location }) => `${location?.line} ${message}`)
      : checked.problems
  }
  t.same(await warnings('url: http://169.254.169.254/latest'), [
    '3 169.254.169.254 is an address that hands out credentials; telemetry does not belong there',
  ])
  t.same(await warnings('url: https://me:hush@host'), ['3 a user or password in a URL ends up in logs'])
  t.same(await warnings('url: https://host'), [])
})

test('a bare number where a duration stands is nanoseconds, as in Go, and warned of when it is small', async (t) => {
  const checked = await check('timeout: 30')
  t.match(checked, {
    config: { timeout: 3e-5 },
    warnings: [
      { message: '30 is a number of nanoseconds', hint: 'a unit is missing: 30s, or 30ms', location: { line: 3 } },
    ],
  })
  t.match(await check('timeout: 5000000000'), { config: { timeout: 5000 }, warnings: [] })
  t.match(await check('timeout: 0'), { config: { timeout: 0 }, warnings: [] })
})

test('of what may be one thing or another, the one that was meant is checked', async (t) => {
  const either = section({
    x: setting(
      v.union(
        [
          flag,
          section({ a: required(text, 'a') }),
          section({ b: required(integer(), 'b'), c: setting(text, '', 'c') }),
        ],
        'must be true, false or a mapping',
      ),
      false,
      'a',
    ),
  })
  const at = (value: unknown) => checkSchema(either, { x: value })
  t.match(at(true), { config: { x: true } })
  t.match(at({ a: 'x' }), { config: { x: { a: 'x' } } })
  t.match(at({ b: 1, c: 'y' }), { config: { x: { b: 1, c: 'y' } } })
  t.match(lines(at({ b: 1, d: 1 }).problems ?? []), ['?:? : there is no such setting; there are b, c'])
  t.match(lines(at('x').problems ?? []), [/must be true, false or a mapping, got "x"$/])
})

test('a schema without words of its own gets some', async (t) => {
  const bare = v.strictObject({
    a: v.string(),
    b: v.number(),
    c: v.array(v.boolean()),
    d: v.picklist(['x', 'y']),
    e: v.union([v.string(), v.number()]),
    f: v.object({}),
    g: v.pipe(v.number(), v.minValue(3)),
  })
  t.same(
    lines(checkSchema(bare, { a: [], b: 'x', c: [1], d: 'z', e: [], f: 1, g: 2 }).problems ?? []).map((line) =>
      line.slice(4),
    ),
    [
      ': must be a text, got a list',
      ': must be a number, got "x"',
      ': must be true or false, got 1',
      ': must be "x" or "y", got "z"',
      ': must be a text or a number, got a list',
      ': must be a mapping, got 1',
      ': must be >= 3, got 2',
    ],
  )
  t.same(
    ['yes', ['yes']].map((c) => checkSchema(bare, { a: 'x', b: 1, c, d: 'x', e: 1, f: {}, g: 3 }).problems?.[0]?.hint),
    ['write it as a list: [yes]', 'write true'],
    'with hints as others have them',
  )
  t.same(lines(checkSchema(bare, {}).problems ?? []).length, 7)
  t.match(lines(checkSchema(bare, 5).problems ?? []), ['?:? : must be a mapping, got 5'])
})

test('a schema without words of its own gets some where valibot has none, and words of others stay', async (t) => {
  const zone = v.check<string, string>(() => false, 'Invalid time zone specified: Mars')
  const own = section({
    mail: setting(v.pipe(v.string(), v.email()), '', 'An address.'),
    zone: setting(v.pipe(v.string(), zone), '', 'A zone.'),
  })
  t.match(
    checkSchema(own, { mail: 'x', zone: 'Mars' }).problems?.map(({ message }) => message),
    ['is no valid email, got "x"', 'Invalid time zone specified: Mars, got "Mars"'],
  )
})

test('checks of several settings together are placed where the schema says', async (t) => {
  const both = v.pipe(
    section({ min: setting(integer(), 1, 'a'), max: setting(integer(), 2, 'b') }),
    v.forward(
      v.partialCheck([['min'], ['max']], ({ min, max }) => max >= min, 'must be at least min'),
      ['max'],
    ),
  )
  const loaded = await loadConfig({ sources: ['yaml:min: 5\nmax: 3'], env: {} })
  t.match(lines(checkSchema(both, loaded.root, [], loaded).problems ?? []), [/must be at least min, got 3/])
})

test('one text stands for a list of texts, cut at its commas', async (t) => {
  const lists = section({ a: setting(list(text), [], 'A.'), b: setting(v.array(v.string()), [], 'B.') })
  t.same(checkSchema(lists, { a: 'x,y', b: 'z' }), { config: { a: ['x', 'y'], b: ['z'] }, warnings: [] })
})

test('a setting that names another component takes an id', async (t) => {
  const storage = section({ storage: optional(componentId, 'Where it is kept.') })
  t.match(checkSchema(storage, { storage: 'file_storage/queue' }), { config: { storage: 'file_storage/queue' } })
  t.match(lines(checkSchema(storage, { storage: '/queue' }).problems ?? []), [
    /the part before \/ must not be empty, got "\/queue"$/,
  ])
})

test('the nearest name is the one with the fewest letters to change, and none is better than a far one', async (t) => {
  const names = ['endpoint', 'timeout', 'sending_queue', 'tls', 'a']
  t.equal(nearest('endpiont', names), 'endpoint')
  t.equal(nearest('sendingQueue', names), 'sending_queue')
  t.equal(nearest('sending-queue', names), 'sending_queue')
  t.equal(nearest('tsl', names), 'tls')
  t.equal(nearest('TLS', names), 'tls')
  t.equal(nearest('b', names), undefined)
  t.equal(nearest('compression', names), undefined)
  t.equal(nearest('', names), undefined)
  t.equal(nearest('x'.repeat(1_000_000), names), undefined)
})
