import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { decodeOtlp } from '../../src/data/index.ts'
import { otlpDestination } from '../kit/otlp-destination.ts'
import { sluice, startSluice } from '../kit/process.ts'

/** An exporter that goes wrong in the way that its config says. */
const BAD = `
import { defineExporter, deliver, deliverySettings, section, setting, v } from 'sluice/plugin'
const never = () => new Promise(() => {})
const wrong = (what) => { throw new Error('wrong in ' + what) }
export default defineExporter({
  type: 'bad', summary: 'Goes wrong.', stability: 'alpha', signals: ['traces'],
  config: section({ how: setting(v.string(), 'send', 'Where.'), ...deliverySettings() }),
  create: ({ how, ...config }, settings) => {
    if (how === 'create') wrong('create')
    const exporter = deliver({ traces: {
      encode: (batch) => (how === 'encode' ? wrong('encode') : [{ request: '', items: batch.items }]),
      send() {
        if (how === 'send') wrong('send')
        if (how === 'defect') undefined.missing
        if (how === 'reject') return Promise.reject('wrong in reject')
        if (how === 'never') return never()
        if (how === 'timer') setTimeout(() => wrong('timer'))
        if (how === 'forgotten') void Promise.resolve().then(() => wrong('forgotten'))
        return Promise.resolve()
      },
    } }, config, settings)
    return {
      consumers: { traces: (...of) => (how === 'consume' ? wrong('consume') : exporter.consumers.traces(...of)) },
      start: (host) => (how === 'start' ? wrong('start') : exporter.start(host)),
      stop: async (abort) => { await exporter.stop(abort); if (how === 'stop') wrong('stop') },
    }
  },
})
`

function shop(plugin: string, exporters: readonly string[], destination = 'http://127.0.0.1:9'): string {
  const bad = exporters.map(
    (how) => `
  bad/${how}:
    how: ${how}
    timeout: 50ms
    retry_on_failure: {enabled: ${how === 'send' || how === 'reject'}, initial_interval: 20ms, max_interval: 20ms, max_elapsed_time: 3s}`,
  )
  return `
plugins: [${plugin}]
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
exporters:
  otlp_http: {endpoint: "${destination}", compression: none}${bad.join('')}
extensions: {health_check: {endpoint: "127.0.0.1:0"}}
service:
  extensions: [health_check]
  telemetry: {metrics: {level: none}}
  pipelines:
    traces: {receivers: [otlp], exporters: [otlp_http, ${exporters.map((how) => `bad/${how}`).join(', ')}]}
`
}

const spansJson = (count: number): string => {
  const spans = Array.from({ length: count }, (_, i) => ({
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
    name: `span-${i}`,
  }))
  return JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] })
}

test('a plugin that goes wrong, wherever it does, hurts only itself', async (t) => {
  const folder = t.testdir({ 'bad.ts': BAD })
  const { endpoint: destination, received } = await otlpDestination(t)
  const ways = ['encode', 'send', 'defect', 'reject', 'never', 'timer', 'forgotten', 'consume', 'stop']
  const agent = await startSluice(t, shop(join(folder, 'bad.ts'), ways, destination))
  const [endpoint] = agent.endpoints('receiver otlp')
  for (let i = 0; i < 10; i++) {
    const headers = { 'content-type': 'application/json' }
    const { status } = await fetch(`${endpoint}/v1/traces`, { method: 'POST', headers, body: spansJson(3) })
    t.equal(status, 200)
  }
  const [health] = agent.endpoints('extension health_check')
  const states = async (): Promise<Map<string, string>> => {
    const answer: unknown = await (await fetch(new URL('/health/detailed', health))).json()
    const { components } = answer as { components: { id: string; state: string }[] }
    return new Map(components.map(({ id, state }) => [id, state]))
  }
  let now = await states()
  while (now.get('bad/send') !== 'degraded' || now.get('bad/reject') !== 'degraded') now = await states()
  t.equal(now.get('otlp_http'), 'ok')
  t.equal(now.get('bad/timer'), 'ok')
  t.equal((await fetch(health!)).status, 200)

  const { code, stderr } = await agent.end()
  const spans = received.reduce((sum, { body }) => sum + decodeOtlp('traces', body).items, 0)
  t.equal(spans, 30, 'the good exporter has delivered everything')
  t.match(stderr, /a plugin failed outside of any call .*bad\.ts.*wrong in timer/)
  t.match(stderr, /wrong in forgotten/)
  t.match(stderr, /component failed at a batch exporter=bad\/consume .*wrong in consume/)
  t.match(
    stderr,
    /exporter has a fault in its code exporter=bad\/defect .*reading 'missing'.* at Object\.send .*bad\.ts:\d+/,
  )
  t.match(stderr, /component failed to stop .*bad\/stop.*wrong in stop/)
  t.notMatch(stderr, /a fault in sluice itself/)
  t.ok(code === 0 || code === 3, `ended with ${code}`)
})

test('a plugin that cannot be made or started ends the start with its name', async (t) => {
  const folder = t.testdir({ 'bad.ts': BAD })
  const made = await sluice(['run', '--config', `yaml:${shop(join(folder, 'bad.ts'), ['create'])}`])
  t.equal(made.code, 2)
  t.match(made.stderr, /exporters::bad\/create: cannot be made: wrong in create \[component_not_made\]\n/)
  t.match(made.stderr, /\nsluice explain component_not_made says what to do\n/)
  const started = await sluice(['run', '--config', `yaml:${shop(join(folder, 'bad.ts'), ['start'])}`])
  t.equal(started.code, 1)
  t.match(started.stderr, /exporter bad\/start: wrong in start/)
})

test("what a plugin's own rule finds has the code that fits its kind, or the one that the plugin names", async (t) => {
  const cwd = t.testdir({
    'ruled.ts': `
import { coded, defineExtension, type ProblemCode, section, setting, text, v } from 'sluice/plugin'
const code: ProblemCode = 'missing_setting'
const name = v.pipe(text, v.check((name) => name !== 'b', 'must not be b'), v.check((name) => name !== 'c', coded('bad_pattern', 'must not be c')))
export default defineExtension({
  type: 'ruled', summary: 'Has rules.', stability: 'alpha',
  config: v.pipe(
    section({ name: setting(name, '', 'A name.'), other: setting(text, '', 'Another.') }),
    v.check(({ name, other }) => name !== other || name === '', 'name and other must differ'),
    v.check(({ name }) => name !== '', coded(code, 'needs name')),
  ),
  create: () => ({}),
})`,
  })
  const extensions = 'ruled: {name: b}, ruled/c: {name: c}, ruled/same: {name: d, other: d}, ruled/none: {}'
  const config = CONFIG.replace('yaml:{', `yaml:{plugins: [./ruled.ts], extensions: {${extensions}}, `)
  const { code, stderr } = await sluice(['validate', '--config', config], { cwd })
  t.equal(code, 2)
  t.match(stderr, /ruled::name: must not be b.* \[invalid_setting\]\n/)
  t.match(stderr, /ruled\/c::name: must not be c.* \[bad_pattern\]\n/)
  t.match(stderr, /ruled\/same: name and other must differ.* \[conflicting_settings\]\n/)
  t.match(stderr, /ruled\/none: needs name.* \[missing_setting\]\n/)
})

const CONFIG =
  'yaml:{receivers: {otlp: {protocols: {http: }}}, exporters: {debug: }, service: {pipelines: {logs: {receivers: [otlp], exporters: [debug]}}}}'

const MISTAKES: readonly [what: string, file: string, source: string, says: RegExp][] = [
  ['an enum', 'enum.ts', 'export enum Level { low }', /enum.*\(enum\.ts:1.*const object/],
  ['a syntax error', 'syntax.ts', '\nexport default { a', /syntax\.ts:\d/],
  [
    'an error on import',
    'throws.ts',
    "\nthrow new Error('no token')",
    /failed when it was imported: no token \(throws\.ts:2:7\)/,
  ],
  ['no factory', 'none.ts', 'export const helper = 1', /exports no factory \(it exports: helper\).*defineExporter/],
  [
    'a factory without create',
    'half.ts',
    "import { defineExporter, section } from 'sluice/plugin'\nexport default defineExporter({ type: 'half', summary: 'Half.', stability: 'alpha', config: section({}), signals: ['logs'] })",
    /half\.ts: its export default \(exporter half\) has no create: a function that makes the component \[plugin_without_component\]\n/,
  ],
  [
    'a type that is there already',
    'taken.ts',
    "import { defineExtension, section } from 'sluice/plugin'\nexport default defineExtension({ type: 'health_check', summary: 'Takes.', stability: 'alpha', config: section({}), create: () => ({}) })",
    /brings the extension health_check, which sluice has itself: give it another type/,
  ],
  [
    'a misspelled import',
    'typo.ts',
    "import { defineExport } from 'sluice/plugin'\ndefineExport()",
    /no.* export named 'defineExport'.*did you mean defineExporter\? \[plugin_not_loaded\]\n/,
  ],
  [
    'a type that is imported as a value',
    'type.ts',
    "import { section, Settings } from 'sluice/plugin'\nexport const all: Settings[] = []",
    /no.* export named 'Settings'.*A type is imported as one: import \{ type Settings \}/,
  ],
  [
    'an import of what the package has not',
    'path.ts',
    "import 'sluice/plugins'",
    /Of sluice a plugin imports 'sluice\/plugin' and 'sluice\/http', its test 'sluice\/testing'/,
  ],
  [
    'settings of another library',
    'zod.ts',
    "import { defineExporter } from 'sluice/plugin'\nexport default defineExporter({ type: 'zod', config: {}, signals: [], create() {} })",
    /its export default \(exporter zod\).* has a wrong config: a schema, made with section/,
  ],
  ['a package that is not there', 'library.ts', "import 'no-such-library'", /no-such-library.*npm install it there/s],
  ['an import without extension', 'import.ts', "import './other'", /written with their extension/],
]

for (const [what, file, source, says] of MISTAKES) {
  test(`a plugin with ${what} is refused with what would be right, and exit code 2`, async (t) => {
    const cwd = t.testdir({ [file]: source })
    const { code, stderr } = await sluice(['validate', '--plugin', `./${file}`, '--config', CONFIG], { cwd })
    t.equal(code, 2)
    t.match(stderr, says)
    t.notMatch(stderr, /^ +at /m, 'no stack trace')
  })
}

test('a plugin that is not there is asked for by the nearest name; a folder is none', async (t) => {
  const cwd = t.testdir({ 'errorhook.ts': '', folder: {} })
  const missing = await sluice(['validate', '--plugin', './errorhok.ts', '--config', CONFIG], { cwd })
  t.equal(missing.code, 2)
  t.match(missing.stderr, /no such file: .*errorhok\.ts; did you mean .*errorhook\.ts\?/)
  const folder = await sluice(['validate', '--plugin', './folder', '--config', CONFIG], { cwd })
  t.equal(folder.code, 2)
  t.match(folder.stderr, /is a folder; name the file in it: folder\/index\.ts/)
})

test('every wrong plugin of a config is named at once, with its place', async (t) => {
  const cwd = t.testdir({
    'a.ts': "throw new Error('first')",
    'config.yaml': 'plugins:\n  - ./a.ts\n  - no-such-package\nservice: {}\n',
  })
  const { code, stderr } = await sluice(['validate', '--config', 'config.yaml'], { cwd })
  t.equal(code, 2)
  t.match(stderr, /config\.yaml:2:5: plugins\[0\]: failed when it was imported: first/)
  t.match(stderr, /config\.yaml:3:5: plugins\[1\]: is neither a path \(\.\/no-such-package\.ts\) nor a package/)
})

test('an installed package is JavaScript; a TypeScript one is refused with the reason', async (t) => {
  const cwd = t.testdir({})
  const install = (name: string, file: string, source: string): void => {
    mkdirSync(join(cwd, 'node_modules', name), { recursive: true })
    writeFileSync(
      join(cwd, 'node_modules', name, 'package.json'),
      JSON.stringify({ name, type: 'module', exports: `./${file}` }),
    )
    writeFileSync(join(cwd, 'node_modules', name, file), source)
  }
  install('sluice-plugin-bad', 'index.js', BAD)
  install('sluice-plugin-ts', 'index.ts', BAD)
  const good = await sluice(['components', '--plugin', 'sluice-plugin-bad', 'bad'], { cwd })
  t.match(good.stdout, /bad +\[alpha; traces\]\s+Goes wrong\./)
  const wrong = await sluice(['components', '--plugin', 'sluice-plugin-ts'], { cwd })
  t.equal(wrong.code, 2)
  t.match(wrong.stderr, /an installed package must be JavaScript/)
  const twice = await sluice(['components', '--plugin', 'sluice-plugin-bad', '--plugin', 'sluice-plugin-bad'], { cwd })
  t.equal(twice.code, 2)
  t.match(twice.stderr, /brings the exporter bad, which is there already/)
})
