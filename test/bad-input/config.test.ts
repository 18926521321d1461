// Configs that are wrong or hostile: the place, what would be right, no stack, no secret, and in no time (rows 111 to 116 of the bad inputs).
import { join } from 'node:path'
import { test } from 'tap'
import { assemble } from '../../src/cli/assemble.ts'
import { ConfigError } from '../../src/config/index.ts'
import { sluice } from '../kit/process.ts'

const whole = (exporter: string, more = ''): string => `
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
exporters:
  otlp_http: ${exporter}
${more}
service: {pipelines: {traces: {receivers: [otlp], exporters: [otlp_http]}}}
`
const endpoint = 'endpoint: "http://127.0.0.1:4318"'
const bomb = Array.from(
  { length: 30 },
  (_, i) => `b${i}: &b${i} [${i === 0 ? 'x' : Array(9).fill(`*b${i - 1}`)}]`,
).join('\n')

const rows: readonly (readonly [name: string, yaml: string, said: RegExp])[] = [
  ['111 aliases that multiply', bomb, /alias/],
  ['111 a tab', 'receivers:\n\totlp:\n', /:2:1: .*tab/],
  ['111 a key twice', whole(`{${endpoint}}`, 'exporters: {}'), /:\d+:\d+: .*twice/],
  ['111 a tag of JavaScript', 'receivers: !!js/function "function () {}"', /:1:\d+: .*tag/],
  ['111 nesting without end', `receivers: ${'['.repeat(100_000)}`, /:1:\d+: /],
  ['112 a reference in a circle', whole('{endpoint: "${env:LOOP}"}'), /circle/],
  ['112 a reference to no scheme', whole('{endpoint: "${fiel:x}"}'), /did you mean file:/],
  ['113 an endpoint of a file', whole('{endpoint: "file:///etc/passwd"}'), /otlp_http::endpoint: /],
  ['113 a wrong endpoint with a password', whole('{endpoint: "ftp://me:hush@host"}'), /otlp_http::endpoint: /],
  ['114 a negative duration', whole(`{${endpoint}, timeout: -1s}`), /:\d+:\d+: exporters::otlp_http::timeout: /],
  ['114 an endless duration', whole(`{${endpoint}, timeout: 1e99h}`), /otlp_http::timeout: /],
  ['114 a duration that is no number', whole(`{${endpoint}, timeout: NaN}`), /otlp_http::timeout: /],
  ['115 a header with a line break', whole(`{${endpoint}, headers: {a: "hush\\r\\nX: y"}}`), /line break/],
  [
    '115 a header with a line break from a variable',
    whole(`{${endpoint}, headers: {a: "\${env:LINES}"}}`),
    /line break/,
  ],
  ['116 a component that is not there', whole(`{${endpoint}}`).replaceAll('otlp:', 'otpl:'), /did you mean otlp\?/],
  ['116 a setting that is not there', whole(`{${endpoint}, timout: 1s}`), /did you mean timeout\?/],
  [
    '116 a ring of connectors',
    `
receivers: {otlp: {protocols: {http: }}}
connectors: {forward/a: , forward/b: }
service:
  pipelines:
    traces/a: {receivers: [otlp, forward/b], exporters: [forward/a]}
    traces/b: {receivers: [forward/a], exporters: [forward/b]}
`,
    /in a circle: traces\/a → traces\/b → traces\/a/,
  ],
]

const pluginApi = new URL('../../src/plugin.ts', import.meta.url)

test('a config that is wrong is refused with its place and what would be right', async (t) => {
  Object.assign(process.env, { LOOP: '${env:LOOP}', LINES: 'hush\r\nX: y' })
  for (const [name, yaml, said] of rows) {
    const config = join(t.testdir({ 'config.yaml': yaml }), 'config.yaml')
    try {
      await assemble({ config: [config], set: [], plugin: [] }, pluginApi)
      t.fail(`${name}: taken`)
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      t.match(error.message, said, name)
      t.notMatch(error.message, /hush/, `${name}: no secret`)
      t.ok(error.message.length < 20_000, `${name}: ${error.message.length} characters`)
    }
  }
})

test('the command says it, with exit code 2 and without a stack', async (t) => {
  for (const yaml of [bomb, whole(`{${endpoint}, timeout: -1s}`)]) {
    const config = join(t.testdir({ 'config.yaml': yaml }), 'config.yaml')
    const { code, stdout, stderr } = await sluice(['validate', '--config', config])
    t.equal(code, 2)
    t.match(stderr, /config\.yaml:\d+:\d+: /)
    t.notMatch(stdout + stderr, /\n {4}at /)
  }
})

test('a value from a variable stays a text, whatever YAML is in it, and nothing of it is printed (112)', async (t) => {
  const config = join(
    t.testdir({ 'config.yaml': whole(`{${endpoint}, headers: {a: "\${env:TOKEN}"}}`) }),
    'config.yaml',
  )
  const env = { TOKEN: 'hush, endpoint: "http://evil:1"}, other: {x: [' }
  const { code, stdout, stderr } = await sluice(['print-config', '--config', config], { env })
  t.equal(code, 0, stderr)
  t.match(stdout, /127\.0\.0\.1:4318/)
  t.notMatch(stdout + stderr, /hush|evil/)
})

test('a config of 50 MB is refused by its size (111)', async (t) => {
  const config = join(t.testdir({ 'config.yaml': `# ${'x'.repeat(50 * 1024 * 1024)}\n` }), 'config.yaml')
  const { code, stderr } = await sluice(['run', '--config', config])
  t.equal(code, 2)
  t.ok(stderr.length < 2000, stderr.slice(0, 2000))
})
