import { readdirSync } from 'node:fs'
import { test } from 'tap'
import { formatPath, loadConfig, type Problem, parseComponentId, parseService } from '../../src/config/index.ts'
import { known } from './known.ts'

const parse = async (yaml: string) => parseService(await loadConfig({ sources: [`yaml:${yaml}`], env: {} }), known)
const lines = (problems: readonly Problem[]): string[] =>
  problems.map(({ severity, path, message, location, hint }) =>
    [`${severity} ${location?.line}:${location?.column} ${formatPath(path)}: ${message}`, hint]
      .filter(Boolean)
      .join('; '),
  )

const whole = `
receivers:
  otlp:
    protocols: {grpc: }
processors:
  batch:
  batch/large: {send_batch_size: 9000}
exporters:
  otlphttp/eu: {endpoint: 'http://localhost:4318'}
  logging:
connectors:
  forward:
extensions:
  health_check:
service:
  extensions: [health_check]
  pipelines:
    traces/in: {receivers: [otlp], processors: [batch], exporters: [forward]}
    traces: {receivers: [forward], exporters: [otlphttp/eu, logging]}
    logs:
      receivers: otlp
      processors: [batch/large, batch]
      exporters: logging,otlphttp/eu
`

test('components and pipelines come out in the order of the config, types under the registry’s names', async (t) => {
  const service = await parse(whole)
  t.same(service.problems, [])
  t.same(
    service.components.map(({ kind, id, type, name }) => [kind, id, type, name]),
    [
      ['extension', 'health_check', 'health_check', undefined],
      ['receiver', 'otlp', 'otlp', undefined],
      ['processor', 'batch', 'batch', undefined],
      ['processor', 'batch/large', 'batch', 'large'],
      ['exporter', 'otlphttp/eu', 'otlp_http', 'eu'],
      ['exporter', 'logging', 'debug', undefined],
      ['connector', 'forward', 'forward', undefined],
    ],
  )
  t.same(service.components[3]?.path, ['processors', 'batch/large'])
  t.same(Object.entries(service.components[3]?.value ?? {}), [['send_batch_size', 9000]])
  t.equal(service.components[2]?.value, null)
  t.same(service.extensions, ['health_check'])
  t.match(service.pipelines, [
    { id: 'traces/in', signal: 'traces', receivers: ['otlp'], processors: ['batch'], exporters: ['forward'] },
    { id: 'traces', signal: 'traces', receivers: ['forward'], processors: [] },
    {
      id: 'logs',
      signal: 'logs',
      receivers: ['otlp'],
      processors: ['batch/large', 'batch'],
      exporters: ['logging', 'otlphttp/eu'],
    },
  ])
  t.equal(service.telemetry.logs.level, 'info')
})

test('everything that is wrong is said at once, with its place and what was meant', async (t) => {
  const { problems } = await parse(`
recievers: {}
receivers:
  otpl:
exporters:
  debug:
  batch:
  debug/a b:
processors: [batch]
extensions: {health_check: }
service:
  extensions: [healthcheck, health_check, zpages]
  pipeline: {}
  pipelines:
    trace: {receivers: [otpl], exporters: [debug]}
    profiles: {receivers: [otpl], exporters: [debug]}
    metrics: {receivers: [otpl], exporters: [debgu, /x]}
    logs: {receivers: [], procesors: [batch]}
  telemetry: {metrics: {level: loud}}
`)
  t.same(lines(problems), [
    'error 2:1 recievers: there is no such section; did you mean receivers?',
    'error 4:3 receivers::otpl: there is no receiver otpl; did you mean otlp?',
    'error 9:1 processors: must be a mapping from ids to settings',
    'error 7:3 exporters::batch: there is no exporter batch; batch is a processor',
    'error 8:3 exporters::debug/a b: "a b" is no name: no blanks, no symbols such as + or $; an id is a type, or type/name',
    'error 13:3 service::pipeline: there is no such section; did you mean pipelines?',
    'error 18:27 service::pipelines::logs::procesors: there is no such setting; did you mean processors?',
    'error 19:32 service::telemetry::metrics::level: must be one of none, basic, normal, detailed, got "loud"',
    'error 12:16 service::extensions[0]: there is no extension healthcheck under extensions; did you mean health_check?',
    'error 12:43 service::extensions[2]: there is no extension zpages under extensions; add zpages: to extensions',
    'error 15:5 service::pipelines::trace: a pipeline is of traces, metrics, logs; did you mean traces?',
    'error 16:5 service::pipelines::profiles: profiles are not supported',
    'error 17:46 service::pipelines::metrics::exporters[0]: there is no exporter debgu under exporters; did you mean debug?',
    'error 17:53 service::pipelines::metrics::exporters[1]: the part before / must not be empty',
    'error 18:12 service::pipelines::logs::receivers: a pipeline needs at least one receiver',
    'error 18:5 service::pipelines::logs::exporters: a pipeline needs at least one exporter',
    'warning 6:3 exporters::debug: is configured and in no pipeline',
  ])
})

test('a component in the wrong section, or twice in a pipeline, is said', async (t) => {
  const { problems } = await parse(`
receivers: {otlp: , nop: }
processors: {batch: }
exporters: {debug: }
extensions: {health_check: }
service:
  pipelines:
    traces: {receivers: [otlp, otlp], processors: [batch, batch], exporters: [debug, nop]}
`)
  t.same(lines(problems), [
    'warning 5:14 extensions::health_check: is configured and does not run; name it in service::extensions',
    'warning 8:32 service::pipelines::traces::receivers[1]: otlp is here twice; the second one has no effect',
    'error 8:59 service::pipelines::traces::processors[1]: batch is here twice; configure a second one: batch/second',
    'error 8:86 service::pipelines::traces::exporters[1]: there is no exporter nop under exporters; nop is configured under receivers',
    'warning 2:21 receivers::nop: is configured and in no pipeline',
  ])
})

test('a connector must be on both sides, and not lead back', async (t) => {
  const lone = await parse(`
receivers: {otlp: }
exporters: {debug: }
connectors: {forward/a: , forward/b: , forward/c: }
service:
  pipelines:
    traces: {receivers: [otlp, forward/b], exporters: [debug, forward/a]}
`)
  t.same(lines(lone.problems), [
    'warning 4:40 connectors::forward/c: is configured and in no pipeline',
    'error 4:14 connectors::forward/a: is an exporter of a pipeline and a receiver of none: what goes in comes out nowhere',
    'error 4:27 connectors::forward/b: is a receiver of a pipeline and an exporter of none: nothing comes in',
  ])
  const circle = await parse(`
receivers: {otlp: }
exporters: {debug: }
connectors: {forward/a: , forward/b: }
service:
  pipelines:
    traces: {receivers: [otlp, forward/b], exporters: [forward/a]}
    traces/b: {receivers: [forward/a], exporters: [forward/b, debug]}
`)
  t.same(lines(circle.problems), [
    'error 7:5 service::pipelines::traces: pipelines go in a circle: traces → traces/b → traces',
  ])
  const both = await parse(`
receivers: {otlp: , forward: }
exporters: {debug: }
connectors: {forward: }
service: {pipelines: {traces: {receivers: [otlp, forward], exporters: [debug, forward]}}}
`)
  t.match(
    lines(both.problems)[1],
    /forward is the id of a connector and of a receiver; give one of them another name: forward\/connector/,
  )
})

test('a config without pipelines says what one looks like', async (t) => {
  for (const yaml of ['', 'receivers: {otlp: }\nexporters: {debug: }', 'service: ', 'service: {pipelines: }']) {
    const { problems } = await parse(yaml)
    t.ok(
      problems.some(({ message, severity }) => severity === 'error' && message === 'there is no pipeline'),
      yaml,
    )
  }
  const { problems } = await parse('service: 5')
  t.match(lines(problems)[0], /^error 1:10 service: must be a mapping/)
})

test('an id is a type, or a type and a name, blanks round them aside', async (t) => {
  t.same(parseComponentId('otlp'), { type: 'otlp' })
  t.same(parseComponentId(' otlp / eu-1/ä.b '), { type: 'otlp', name: 'eu-1/ä.b' })
  for (const text of [
    '',
    ' ',
    '/x',
    'otlp/',
    'otlp/ ',
    '1otlp',
    'ot-lp',
    'otlp/a b',
    'otlp/a+b',
    'otlp/\u0000',
    `o${'x'.repeat(63)}`,
    `o/${'x'.repeat(1025)}`,
  ])
    t.throws(() => parseComponentId(text), JSON.stringify(text))
  const { problems } = await parse('receivers: {otlp/a: , "otlp / a": }')
  t.ok(problems.some(({ message }) => message === 'otlp/a is here twice'))
})

test('names such as __proto__ are refused like any other wrong name, and change nothing', async (t) => {
  const { problems } = await parse(`
__proto__: {polluted: true}
receivers: {__proto__: {polluted: true}, constructor: , toString: }
service: {pipelines: {__proto__: {receivers: [__proto__]}, constructor: }, __proto__: {polluted: true}}
`)
  t.ok(problems.length > 0)
  t.ok(problems.some(({ message }) => message === 'there is no receiver constructor'))
  t.equal(Reflect.get({}, 'polluted'), undefined)
})

const ADOT = 'test/config/cases/adot'

test('the configs that ADOT ships load without a word', async (t) => {
  const files = readdirSync(ADOT).filter((name) => name.endsWith('.yaml'))
  for (const file of files) {
    const env = {
      AWS_REGION: 'eu-central-1',
      AWS_PROMETHEUS_ENDPOINT: 'https://aps/w',
      AWS_PROMETHEUS_SCRAPING_ENDPOINT: 'a:1',
    }
    const loaded = await loadConfig({ sources: [`${ADOT}/${file}`], env })
    const service = parseService(loaded, known)
    t.same([...loaded.warnings, ...service.problems], [], file)
    t.ok(service.pipelines.length > 0)
  }
  t.ok(files.length > 0)
})

test('a mistyped type is one mistake, with one report', async (t) => {
  const yaml = `
receivers: {otlp: {protocols: {grpc: }}}
processors: {bacth: }
exporters: {debug: }
service: {pipelines: {traces: {receivers: [otlp], processors: [batch], exporters: [debug]}}}
`
  t.strictSame(lines((await parse(yaml)).problems), [
    'error 3:14 processors::bacth: there is no processor bacth; did you mean batch?',
  ])
})
