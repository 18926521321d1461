import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import * as v from 'valibot'
import { findReference } from '../../src/config/expand.ts'
import {
  ConfigError,
  type ConfigObject,
  checkSchema,
  flag,
  integer,
  list,
  loadConfig,
  secret,
  section,
  setting,
  text,
  texts,
} from '../../src/config/index.ts'

const env = {
  NUMBER: '0123',
  TRUE: 'true',
  TEXT: 'some text',
  QUOTED: '"quoted"',
  EMPTY: '',
  LIST: '[a, 2]',
  MAP: '{k: {l: 1}}',
  NAME: 'TEXT',
  DOLLARS: 'a$$b$c',
  CHAIN: '${env:TEXT}!',
  BROKEN: '[a',
  INJECTION: 'x\nexporters: {evil: }',
}
const load = async (yaml: string, more: NodeJS.ProcessEnv = {}) =>
  loadConfig({ sources: [`yaml:${yaml}`], env: { ...env, ...more } })
const value = async (written: string) => (await load(`a: ${written}`)).root.a
const problemsOf = async (yaml: string, more: NodeJS.ProcessEnv = {}) => {
  try {
    await load(yaml, more)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

test('a value that is one reference takes over the type of what it gives', async (t) => {
  t.equal(await value('${env:NUMBER}'), 83)
  t.equal(await value('"${NUMBER}"'), 83)
  t.equal(await value('${env:TRUE}'), true)
  t.equal(await value('${env:TEXT}'), 'some text')
  t.equal(await value('${env:QUOTED}'), '"quoted"')
  t.same(await value('${env:LIST}'), ['a', 2])
  t.same(JSON.stringify(await value('${env:MAP}')), '{"k":{"l":1}}')
  t.same(await value('${yaml:[1, ${env:TRUE}]}'), [1, true])
  t.equal(await value('${env:BROKEN}'), '[a')
  t.equal(await value('${env:INJECTION}'), 'x\nexporters: {evil: }')
  t.equal(await value('${env:EMPTY}'), null)
})

test('in the middle of a text a reference gives its text', async (t) => {
  t.equal(await value('<${env:NUMBER}>'), '<0123>')
  t.equal(await value('${env:TRUE}${env:TRUE}'), 'truetrue')
  t.equal(await value("'-${env:LIST}'"), '-[a, 2]')
  t.equal(await value('<${env:EMPTY}>'), '<>')
  t.equal(await value("'{x} ${env:TEXT} }'"), '{x} some text }')
  t.equal(await value('"\\n${env:INJECTION}"'), '\nx\nexporters: {evil: }')
})

test('references nest, and what they give may have references in it', async (t) => {
  t.equal(await value('${env:${env:NAME}}'), 'some text')
  t.equal(await value('${${NAME}}'), 'some text')
  t.equal(await value('${env:CHAIN}'), 'some text!')
  t.equal(await value('<${env:CHAIN}>'), '<some text!>')
})

test('a default stands in for a variable that is not set', async (t) => {
  t.equal(await value('${env:NOPE:-7}'), 7)
  t.equal(await value('${NOPE:-7}'), 7)
  t.equal(await value('${env:NOPE:-}'), '')
  t.equal(await value('${env:NOPE:-a:-b}'), 'a:-b')
  t.equal(await value('${env:EMPTY:-7}'), null, 'a variable that is set and empty is set')
  t.equal(await value('<${env:NOPE:-${env:TEXT}}>'), '<some text>')
})

test('a dollar sign is written twice, or alone in front of what is no brace', async (t) => {
  t.equal(await value('$1-$2'), '$1-$2')
  t.equal(await value('$$1'), '$1')
  t.equal(await value('$${env:TEXT}'), '${env:TEXT}')
  t.equal(await value('$$${env:TEXT}'), '$some text')
  t.equal(await value('$$$$'), '$$')
  t.equal(await value('$${A} ${env:TEXT}'), '${A} some text')
  t.equal(await value('${env:TEXT'), '${env:TEXT')
  t.equal(await value('${env:DOLLARS}'), 'a$b$c', 'in what a reference gives, too')
  const asked: string[] = []
  const get: typeof fetch = async (input) => {
    asked.push(String(input))
    return new Response('1')
  }
  const sources = ['yaml:a: $${https://x/1} $$${https://x/2} $$$${https://x/3}']
  t.match((await loadConfig({ sources, env: {}, fetch: get })).root, { a: '${https://x/1} $1 $${https://x/3}' })
  t.same(asked, ['https://x/2'], 'what is no reference is not asked for')
})

test('keys are never expanded', async (t) => {
  const { root } = await load('"${env:TEXT}": 1')
  t.same(Object.keys(root), ['${env:TEXT}'])
})

test('a setting that is a text takes the letters of a variable, everything else its value', async (t) => {
  const schema = section({
    text: setting(text, 'default', 'a'),
    secret: setting(secret, '', 'a'),
    texts: setting(texts, [], 'a'),
    nested: setting(list(section({ text: setting(text, '', 'a') })), [], 'a'),
    either: setting(v.union([v.string(), v.number()]), '', 'a'),
    any: setting(v.unknown(), '', 'a'),
    count: setting(integer(), 5, 'a'),
    flag: setting(flag, false, 'a'),
    map: setting(section({ k: setting(text, '', 'a') }), {}, 'a'),
  })
  const loaded = await load(
    `
text: \${env:NUMBER}
secret: \${env:NUMBER}
texts: ['\${env:NUMBER}', '\${env:TRUE}', 1.10]
nested: [{text: '\${env:TRUE}'}]
either: \${env:NUMBER}
any: \${env:NUMBER}
count: \${env:NUMBER}
flag: \${env:TRUE}
map: \${env:M}
`,
    { M: '{k: 0x10}' },
  )
  const { config, problems } = checkSchema(schema, loaded.root, [], loaded) as {
    config: v.InferOutput<typeof schema>
    problems?: unknown
  }
  t.equal(problems, undefined)
  t.equal(config.text, '0123')
  t.equal(config.secret.reveal(), '0123')
  t.same(config.texts, ['0123', 'true', '1.10'])
  t.equal(config.nested[0]?.text, 'true')
  t.equal(config.either, 83)
  t.equal(config.any, 83)
  t.equal(config.count, 83)
  t.equal(config.flag, true)
  t.equal(config.map.k, '0x10')
})

test('a mapping that a text is wanted of is the text that it was', async (t) => {
  const loaded = await load('a: ${env:MAP}\nb: ${env:NESTED}', { NESTED: '{x: "${env:TEXT}"}' })
  const checked = checkSchema(
    section({ a: setting(text, '', 'a'), b: setting(text, '', 'b') }),
    loaded.root,
    [],
    loaded,
  )
  t.same(checked, { config: { a: '{k: {l: 1}}', b: '{x: "some text"}' }, warnings: [] })
})

test('an unset variable is empty, with a warning, and then means the default unless a text is wanted', async (t) => {
  const loaded = await load('text: ${env:NOPE}\ncount: ${env:NOPE}\ntexts: ["a-${env:NOPE}"]')
  t.match(
    loaded.warnings.map(({ message, path, location }) => [message, path.join('/'), location?.line, location?.column]),
    [
      ['the environment variable NOPE is not set; it counts as empty', 'text', 1, 7],
      ['the environment variable NOPE is not set; it counts as empty', 'count', 2, 8],
      ['the environment variable NOPE is not set; it counts as empty', 'texts/0', 3, 9],
    ],
  )
  const schema = section({
    text: setting(text, 'x', 'a'),
    count: setting(integer(), 5, 'a'),
    texts: setting(texts, [], 'a'),
  })
  t.same(checkSchema(schema, loaded.root, [], loaded), { config: { text: '', count: 5, texts: ['a-'] }, warnings: [] })
})

test('a file gives its value, with places in it, and relative to where the agent was started', async (t) => {
  const dir = t.testdir({ 'part.yaml': 'grpc:\n  endpoint: ${env:HOST}:4317\n', token: 's3cret', 'lines.txt': 'a\n' })
  const sources = ['yaml:otlp: ${file:part.yaml}\ntoken: ${file:token}\nlines: ${file:./lines.txt}']
  const loaded = await loadConfig({ sources, cwd: dir, env: { HOST: 'h' } })
  t.equal(JSON.stringify(loaded.root), '{"otlp":{"grpc":{"endpoint":"h:4317"}},"token":"s3cret","lines":"a\\n"}')
  t.match(loaded.locate(['otlp', 'grpc', 'endpoint']), { source: 'file:part.yaml', line: 2, column: 13 })
  t.ok(loaded.isSecret(['token']))
  t.notOk(loaded.isSecret(['lines']))
})

test('a reference that leads nowhere says why', async (t) => {
  const dir = t.testdir({ latin: '' })
  writeFileSync(join(dir, 'latin'), Buffer.from([0xe4, 0x0a]))
  const cases: [string, RegExp, RegExp?][] = [
    ['${file:/nowhere/at/all}', /^there is no file \/nowhere\/at\/all$/],
    ['${file:/}', /is a directory$/],
    [`\${file:${dir}/latin}`, /latin is not UTF-8$/],
    [
      '${gopher:host}',
      /^there is no scheme gopher:; there are env:, file:, yaml:, http:, https:, secretsmanager:, ssm:, s3:$/,
    ],
    ['${fiel:x}', /no scheme fiel:/, /did you mean file:\?/],
    ['${env:a b}', /^"a b" is no name of an environment variable$/],
    ['${1}', /^"1" is no name/, /for a literal \$\{1\}, as in a relabel rule, write \$\$\{1\}/],
    ['${}', /^"" is no name/],
    ['${env:$X}', /has a \$ in it/],
  ]
  for (const [written, message, hint] of cases) {
    const [problem] = await problemsOf(`x:\n  a: '${written}'`)
    t.match(problem?.message, message, written)
    if (hint) t.match(problem?.hint, hint, written)
    t.same(problem?.path, ['x', 'a'])
    t.match(problem?.location, { line: 2, column: 6 })
  }
})

test('references that go in a circle, or multiply, end in an error', async (t) => {
  const message = async (more: NodeJS.ProcessEnv) => (await problemsOf('a: ${env:A}', more))[0]?.message
  t.match(await message({ A: '${env:A}' }), /go in a circle: \$\{env:A\} → …/)
  t.match(await message({ A: '${env:B}', B: '${env:A}' }), /go in a circle: \$\{env:A\} → \$\{env:B\} → …/)
  t.match(await message({ A: 'x${env:A}' }), /go in a circle/)
  t.match(await message({ A: '[${env:A}]' }), /go in a circle/)
  const doubling: NodeJS.ProcessEnv = {}
  for (let i = 0; i < 40; i++) doubling[`V${i}`] = `\${V${i + 1}} \${V${i + 1}}`
  t.match(await message({ ...doubling, V40: 'x', A: '${V0}' }), /circle|more than/)
  const wide = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`V${i}`, `["\${V${i + 1}}", "\${V${i + 1}}"]`]))
  t.match(await message({ ...wide, V20: 'x', A: '${V0}' }), /more than 10000 references/)
  t.match(await message({ A: '${B}${B}${B}', B: 'x'.repeat(500_000) }), /longer than 1048576 characters/)
})

test('a text of a megabyte that looks like references is read in one go', async (t) => {
  for (const text of ['}', '$', '${', '$${}', '$${'])
    t.equal(findReference(text.repeat(1_000_000 / text.length)), undefined, text)
  t.same(findReference(`${'}'.repeat(500_000)}\${a\${b}}`), { start: 500_003, end: 500_007 })
})

test('a hundred references one after the other are no circle', async (t) => {
  t.equal(await value(`'${'${env:TRUE}-'.repeat(300)}'`), 'true-'.repeat(300))
})

test('all that is wrong with references is said at once', async (t) => {
  const problems = await problemsOf('a: ${1}\nb: [{c: "${nope:x}"}]')
  t.same(
    problems.map(({ path }) => path),
    [['a'], ['b', 0, 'c']],
  )
})

test('what comes from a variable with a telling name is a secret', async (t) => {
  const loaded = await load('a: ${env:API_TOKEN}\nb: x${env:DB_PASSWORD}\nc: ${env:TEXT}\nd: {e: "${env:API_TOKEN}"}', {
    API_TOKEN: 'x',
    DB_PASSWORD: 'y',
  })
  const root: ConfigObject = loaded.root
  t.same(
    Object.keys(root).filter((key) => loaded.isSecret([key])),
    ['a', 'b'],
  )
  t.ok(loaded.isSecret(['d', 'e']))
})

test('a bare name of a variable that there is stays as it stands, with a warning', async (t) => {
  const { root, warnings } = await load('a: $TEXT\nb: $NOPE\nc: x$TEXT\nd: $1')
  t.equal(JSON.stringify(root), '{"a":"$TEXT","b":"$NOPE","c":"x$TEXT","d":"$1"}')
  t.match(warnings, [{ path: ['a'], message: /^\$TEXT is taken as it stands/, hint: 'write ${env:TEXT}' }])
  t.equal(warnings.length, 1)
})
