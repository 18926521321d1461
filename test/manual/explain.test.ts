// `sluice explain`: any place in a config, as a person writes it, for a terminal of 80 columns.
import { readFileSync } from 'node:fs'
import { stripVTControlCharacters } from 'node:util'
import { test } from 'tap'
import { parse } from 'yaml'
import { loadFactories } from '../../src/cli/factories.ts'
import { aliases } from '../../src/components.ts'
import { serviceSettings, shapeOf } from '../../src/config/index.ts'
import { catalogOf } from '../../src/manual/catalog.ts'
import { explain, type Manual, UnknownPath } from '../../src/manual/explain.ts'
import { terminalText } from '../../src/manual/terminal.ts'
import { rowsOf } from '../../src/manual/words.ts'
import { sluice } from '../kit/process.ts'

const root = new URL('../../', import.meta.url)
const manual: Manual = {
  catalog: catalogOf(await loadFactories([], new URL('src/plugin.ts', root)), aliases),
  pageOf: (section, type) => readFileSync(new URL(`docs/reference/${section}/${type}.md`, root), 'utf8'),
}
const PLAIN = { columns: 80, isColoured: false }
const shown = (path: string): string => terminalText(explain(path, manual), PLAIN)

test('a setting is explained on a few lines', async (t) => {
  t.equal(
    shown('exporters.prometheus.metric_expiration'),
    `exporters.prometheus.metric_expiration

  How long a series is shown without a new point.

  type     duration
  default  5m

Example
  exporters:
    prometheus:
      metric_expiration: 5m

Differences from the collector
  - \`metric_expiration: 0s\` is refused (there everything expires at once), as
    are constant labels called \`le\` or \`quantile\`.
`,
  )
})

test('a component is explained with all that its page says', async (t) => {
  const text = shown('exporters/prometheus')
  t.match(text, /^exporters\.prometheus {2}exporter, beta; metrics\n/)
  for (const title of ['When to use it', 'Example', 'Settings', 'Metrics', 'Differences from the collector'])
    t.match(text, new RegExp(`^${title}`, 'm'), title)
  t.match(text, /^ {2}endpoint {2}text, required\n {6}Where scrapers find/m)
  t.match(text, /^ {2}metric_expiration {2}duration, default 5m\n/m)
  t.notMatch(text, /\]\(|\*\*|yaml-language-server/, 'links, bold signs and lines for editors are for pages')
  const { example } = explain('prometheus', manual)
  t.ok(parse(example!).service.pipelines.metrics)
})

/** What is written, and the place that is meant. */
const WAYS = [
  ['exporters.prometheus', 'exporters.prometheus'],
  ['exporter.prometheus', 'exporters.prometheus'],
  ['exporters::prometheus::metric_expiration', 'exporters.prometheus.metric_expiration'],
  ['exporters/prometheus/metric_expiration', 'exporters.prometheus.metric_expiration'],
  ['prometheus', 'exporters.prometheus'],
  ['prometheus.metric_expiration', 'exporters.prometheus.metric_expiration'],
  ['otlp.protocols', 'receivers.otlp.protocols'],
  ['otlphttp.endpoint', 'exporters.otlp_http.endpoint'],
  ['otlp_http/eu', 'exporters.otlp_http'],
  ['exporters.otlp_http/eu.endpoint', 'exporters.otlp_http.endpoint'],
  ['logging.loglevel', 'exporters.debug.verbosity'],
  ['exporters.otlp.insecure', 'exporters.otlp_grpc.tls.insecure'],
  ['exporters.otlphttp.tls_settings', 'exporters.otlp_http.tls'],
  ['receivers.otlp.protocols.grpc.tls.cert_file', 'receivers.otlp.protocols.grpc.tls.cert_file'],
  ['attributes.actions.key', 'processors.attributes.actions[].key'],
  ['attributes.actions[0].key', 'processors.attributes.actions[].key'],
  ['attributes::actions::0::key', 'processors.attributes.actions[].key'],
  ['attributes.actions[]', 'processors.attributes.actions[]'],
  [
    'resourcedetection.system.resource_attributes.host.id.enabled',
    'processors.resource_detection.system.resource_attributes.host.id.enabled',
  ],
  ['service.telemetry.metrics', 'service.telemetry.metrics'],
  ['service.pipelines.traces.receivers', 'service.pipelines.<name>.receivers'],
  [
    'service.telemetry.traces.sampler.parent_based.root.always_on',
    'service.telemetry.traces.sampler.parent_based.root.always_on',
  ],
  ['plugins', 'plugins'],
  ['processors', 'processors'],
  ['', ''],
] as const

test('a place may be written in many ways', async (t) => {
  for (const [written, meant] of WAYS) t.equal(explain(written, manual).path, meant, written)
})

test('older names and settings lead to those of today, and say so', async (t) => {
  t.equal(
    explain('exporters.otlp.insecure', manual).note,
    '`otlp` is an older name of `otlp_grpc`. `insecure` is called `tls.insecure` now.',
  )
  t.equal(explain('memory_limiter.ballast_size_mib', manual).note, '`ballast_size_mib` has no effect any more.')
  t.equal(explain('otlp_http', manual).note, undefined)
})

test('a code is explained with its causes and what to do', async (t) => {
  t.equal(
    shown('no_keys'),
    `no_keys  Requests and connections that were turned away

  There are no keys to check tokens with; senders are asked to come again.

Why
  The file with the keys cannot be read, or the extension has not started.

What to do
  Put right the file that the message names.
`,
  )
  t.match(shown('http_418'), /^http_418 {2}What destinations answer\n/)
  t.match(explain('max_elapsed_time', manual), {
    kind: 'code',
    note: /^This is the code\. Settings are called so, too, such as `[\w.]+\.max_elapsed_time`\.$/,
  })
})

test('a place in a config wins over a code, and what is near is named of both', async (t) => {
  const [batch] = manual.catalog.processors.filter(({ factory }) => factory.type === 'batch')
  const called = { ...batch!, names: [{ ...batch!.names[0]!, name: 'unavailable' }] }
  const processors = [...manual.catalog.processors, called]
  t.equal(explain('unavailable', { ...manual, catalog: { ...manual.catalog, processors } }).kind, 'component')
  t.equal(explain('unavailable', manual).kind, 'code')
  const near = (written: string): unknown => t.throws(() => explain(written, manual), UnknownPath)
  t.match(near('queue_ful'), { message: 'there is no code queue_ful', suggestions: ['queue_full'] })
  t.match(near('spam'), { suggestions: ['processors.span'] })
  t.match(near('filtere'), { suggestions: ['processors.filter', 'filtered'] })
})

const MISTAKES = [
  [
    'exporters.prometheus.metric_expire',
    /no metric_expire in exporters\.prometheus/,
    ['exporters.prometheus.metric_expiration'],
  ],
  ['exporters/prometheus/metric_expire', /no metric_expire/, ['exporters.prometheus.metric_expiration']],
  ['prometeus.namespace', /no component prometeus/, ['exporters.prometheus.namespace']],
  ['exporters.prometeus', /no exporter prometeus/, ['exporters.prometheus']],
  ['exporters.qqq', /no exporter qqq/, ['exporters']],
  ['otlp', /more than one thing/, ['receivers.otlp', 'exporters.otlp']],
  ['metric_expiration', /no component but a setting/, ['exporters.prometheus.metric_expiration']],
  ['otlp_http.min_version', /no min_version in/, ['exporters.otlp_http.tls.min_version']],
  ['processors.batch.timeout.seconds', /nothing inside/, ['processors.batch.timeout']],
  ['service.telemetri', /no telemetri in service/, ['service.telemetry']],
] as const

test('a place that is not there is answered with those that may have been meant', async (t) => {
  for (const [written, message, suggestions] of MISTAKES) {
    const error = t.throws(() => explain(written, manual), UnknownPath) as UnknownPath
    t.match(error.message, message, written)
    t.same(error.suggestions, suggestions, written)
    for (const path of suggestions) if (path !== 'exporters.otlp') t.ok(explain(path, manual), path)
  }
  t.throws(() => explain('qqq', manual), new UnknownPath('there is no qqq in a config', []))
})

test('every setting of every component can be explained, in 80 columns', async (t) => {
  let settings = 0
  const look = (path: string): void => {
    const topic = explain(path, manual)
    const lines = terminalText({ ...topic, example: '' }, PLAIN).split('\n')
    const tooLong = lines.filter((line) => line.length > 80 && line.trim().includes(' '))
    if (tooLong.length > 0 && !tooLong.every((line) => /\S{60}/.test(line))) t.fail(`${path}: ${tooLong[0]}`)
    if (topic.about === '' || topic.type === '') t.fail(`${path} is not explained`)
    if (/^(list|lists) of (list|whole number|number|id)\b/.test(topic.type)) t.fail(`${path}: ${topic.type}`)
    if (topic.example !== undefined) parse(topic.example)
    settings++
  }
  for (const [section, entries] of Object.entries(manual.catalog)) {
    look(section)
    for (const { factory } of entries) {
      look(`${section}.${factory.type}`)
      for (const { path } of rowsOf(shapeOf(factory.config))) look(`${section}.${factory.type}.${path}`)
    }
  }
  for (const { path } of rowsOf(shapeOf(serviceSettings))) look(`service.${path}`)
  t.ok(settings > 1000)
})

test('colours are for terminals alone', async (t) => {
  const topic = explain('prometheus', manual)
  t.notOk(terminalText(topic, PLAIN).includes('\x1b'))
  const coloured = terminalText(topic, { columns: 80, isColoured: true })
  t.ok(coloured.includes('\x1b[1m'))
  for (const line of coloured.split('\n')) t.ok(stripVTControlCharacters(line).length <= 80, line)
})

test('the command prints to a pipe without colours, as JSON too, and ends with 2 for what is not there', async (t) => {
  const plain = await sluice(['explain', 'exporters.prometheus.metric_expiration'], { env: { FORCE_COLOR: '1' } })
  t.equal(plain.code, 0)
  t.equal(plain.stdout, shown('exporters.prometheus.metric_expiration'))
  const json = await sluice(['explain', '--json', 'receivers.otlp.protocols.grpc'])
  const topic = JSON.parse(json.stdout)
  t.equal(topic.path, 'receivers.otlp.protocols.grpc')
  t.ok(topic.children.some(({ name, type }: { name: string; type: string }) => name === 'endpoint' && type !== ''))
  const unknown = await sluice(['explain', 'exporters.prometeus'])
  t.equal(unknown.code, 2)
  t.equal(unknown.stdout, '')
  t.equal(unknown.stderr, 'sluice: there is no exporter prometeus\nTry: sluice explain exporters.prometheus\n')
})

test('the components of a plugin are explained from their schema', async (t) => {
  const { code, stdout } = await sluice([
    'explain',
    '--plugin',
    './examples/plugin/drophealthchecks.ts',
    'drophealthchecks',
  ])
  t.equal(code, 0)
  t.match(stdout, /^processors\.drophealthchecks {2}processor, \w+; /)
  t.match(stdout, /^Settings/m)
})
