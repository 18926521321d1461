// The JSON Schema that editors get: it takes what the agent takes, underlines what the agent refuses, and is current.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js'
import { test } from 'tap'
import { parse } from 'yaml'
import { schemaText } from '../../src/cli/schema.ts'
import { aliases, components } from '../../src/components.ts'
import { sluice } from '../kit/process.ts'

const pluginApi = new URL('../../src/plugin.ts', import.meta.url)
const text = await schemaText([], pluginApi)
const schema = JSON.parse(text)

function validator(of: object = schema) {
  const ajv = new Ajv2020({
    allErrors: true,
    strict: true,
    allowUnionTypes: true,
    strictTypes: false,
    strictRequired: false,
  })
  ajv.addVocabulary(['deprecationMessage', 'patternErrorMessage'])
  ajv.addSchema(of, 'config')
  return ajv
}
const ajv = validator()
const isValid = ajv.getSchema('config')!
const errorsOf = (yaml: string): ErrorObject[] => {
  isValid(parse(yaml, { merge: true }))
  return [...(isValid.errors ?? [])]
}
const shown = (errors: readonly ErrorObject[]): string =>
  errors.map(({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`).join('\n')

test('every config of the project names the schema and is valid', async (t) => {
  const files = readdirSync('configs').filter((name) => name.endsWith('.yaml'))
  for (const file of files) {
    const yaml = readFileSync(join('configs', file), 'utf8')
    t.match(yaml, /^# yaml-language-server: \$schema=\.\.\/schema\/sluice\.schema\.json\n/, file)
    t.equal(shown(errorsOf(yaml)), '', file)
  }
  t.ok(files.length > 0)
})

test('of the configs that ADOT ships, only components that are not here are underlined', async (t) => {
  const folder = 'test/config/cases/adot'
  const kinds = {
    receivers: 'receiver',
    processors: 'processor',
    exporters: 'exporter',
    extensions: 'extension',
  } as const
  const isKnown = (section: keyof typeof kinds, id: string): boolean => {
    const type = id.split('/')[0]!
    return Object.hasOwn(components[kinds[section]], type) || Object.hasOwn(aliases[kinds[section]], type)
  }
  let files = 0
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.yaml'))) {
    const config = parse(readFileSync(join(folder, file), 'utf8'))
    for (const section of ['receivers', 'processors', 'exporters', 'extensions'] as const)
      for (const id of Object.keys(config[section] ?? {})) if (!isKnown(section, id)) delete config[section][id]
    for (const pipeline of Object.values<Record<string, string[]>>(config.service.pipelines))
      for (const [part, any] of [
        ['receivers', 'otlp'],
        ['processors', 'batch'],
        ['exporters', 'debug'],
      ] as const)
        pipeline[part] = (pipeline[part] ?? []).map((id) => (isKnown(part, id) ? id : any))
    isValid(config)
    t.equal(shown(isValid.errors ?? []), '', file)
    files++
  }
  t.equal(files, 10)
})

/** Each with the place that is to be underlined. */
const MISTAKES: readonly (readonly [about: string, at: string, yaml: string])[] = [
  ['an unknown section', '', 'recievers: {}'],
  ['an unknown component', '/exporters', 'exporters: { prometeus: { endpoint: "a:1" } }'],
  ['a component under the wrong kind', '/receivers', 'receivers: { batch: }'],
  ['an unknown setting', '/processors/batch', 'processors: { batch: { send_batch_sise: 5 } }'],
  ['the same in one with a name', '/processors/batch~1eu', 'processors: { batch/eu: { send_batch_sise: 5 } }'],
  [
    'an unknown setting far inside',
    '/receivers/otlp/protocols/grpc/tls',
    'receivers: { otlp: { protocols: { grpc: { tls: { cert: a.pem } } } } }',
  ],
  ['a text for a number', '/processors/batch/send_batch_size', 'processors: { batch: { send_batch_size: many } }'],
  [
    'a fraction for a whole number',
    '/processors/batch/send_batch_size',
    'processors: { batch: { send_batch_size: 1.5 } }',
  ],
  ['a number that is too small', '/processors/batch/send_batch_size', 'processors: { batch: { send_batch_size: -1 } }'],
  ['a duration in days', '/processors/batch/timeout', 'processors: { batch: { timeout: 1d } }'],
  ['a duration with a blank', '/processors/batch/timeout', 'processors: { batch: { timeout: 5 s } }'],
  [
    'a word for a switch',
    '/exporters/prometheus/send_timestamps',
    'exporters: { prometheus: { endpoint: "a:1", send_timestamps: yes please } }',
  ],
  ['a word that is not on the list', '/exporters/debug/verbosity', 'exporters: { debug: { verbosity: loud } }'],
  ['a setting that must be given', '/exporters/prometheus', 'exporters: { prometheus: { namespace: a } }'],
  ['a text for a section', '/processors/batch', 'processors: { batch: soon }'],
  ['a list for a section', '/exporters/debug', 'exporters: { debug: [basic] }'],
  ['a mapping for a list', '/processors/attributes/actions', 'processors: { attributes: { actions: { key: a } } }'],
  [
    'an action without its key',
    '/processors/attributes/actions/0/action',
    'processors: { attributes: { actions: [{ key: a, action: remove }] } }',
  ],
  [
    'a pipeline of nothing known',
    '/service/pipelines',
    'service: { pipelines: { spans: { receivers: [otlp], exporters: [debug] } } }',
  ],
  [
    'a pipeline without an exporter',
    '/service/pipelines/traces',
    'service: { pipelines: { traces: { receivers: [otlp] } } }',
  ],
  [
    'a pipeline with an unknown component',
    '/service/pipelines/traces/exporters/0',
    'service: { pipelines: { traces: { receivers: [otlp], exporters: [debgu] } } }',
  ],
  ['an unknown level', '/service/telemetry/logs/level', 'service: { telemetry: { logs: { level: loud } } }'],
  ['an unknown setting of own telemetry', '/service/telemetry', 'service: { telemetry: { log: {} } }'],
  [
    'an unknown sampler inside another',
    '/service/telemetry/traces/sampler/parent_based/root',
    'service: { telemetry: { traces: { sampler: { parent_based: { root: { sometimes: } } } } } }',
  ],
]

test('mistakes are underlined where they are', async (t) => {
  for (const [about, at, yaml] of MISTAKES) {
    const errors = errorsOf(yaml)
    t.ok(
      errors.some(({ instancePath }) => instancePath === at),
      `${about}: ${shown(errors)}`,
    )
  }
})

test('what the agent takes is not underlined', async (t) => {
  const rightfully = [
    'receivers: { otlp: , "otlp/eu": { protocols: { grpc: , http: } } }',
    'processors: { batch: { timeout: 1m30s, send_batch_size: "${env:SIZE}" }, batch/a: "${file:batch.yaml}" }',
    'processors: { batch: { metadata_keys: "a,b", timeout: 0 } }',
    'processors: "${file:processors.yaml}"',
    'processors: { batch: { timeout: "${ssm:/app/timeout:3}", send_batch_size: "${secretsmanager:app#size:-10}" }, filter: "${s3:b/k.yaml}" }',
    'exporters: { otlp_http: { endpoint: "${ssm:/app/endpoint}", headers: "${secretsmanager:app}", tls: { insecure: "${ssm:/plain}" } } }',
    'exporters: { otlphttp: { endpoint: "https://${env:HOST}:4318", headers: { a: 1, b: , c: "${env:C}" } } }',
    'exporters: { otlphttp: { endpoint: "https://a:4318", headers: [{ name: a, value: b }], tls: { insecure: "${env:NO}" } } }',
    'exporters: { otlp: { endpoint: "a:4317", insecure: true }, logging: { loglevel: debug } }',
    'exporters: { awsprometheusremotewrite: { endpoint: "https://a", aws_auth: { region: x } } }',
    'exporters: { debug: { verbosity: "${env:V:-basic}" }, file: { path: 2026 } }',
    'receivers: { otlp: { "protocols::http::endpoint": "a:1" } }',
    'receivers::otlp::protocols::grpc: {}',
    'extensions: { memory_ballast: { size_mib: 5 }, health_check: { port: 13133 } }',
    'plugins: [./a.ts, my-package]',
    'service: { telemetry: { logs: { level: DEBUG }, metrics: { level: Normal, address: ":8888" } } }',
    'service: { telemetry: { traces: { sampler: { parent_based: { root: { always_on: } } } } } }',
    'service: { pipelines: { traces/eu: { receivers: [otlp/eu], processors: , exporters: [forward, "otlp_http/b"] } } }',
  ]
  for (const yaml of rightfully) t.equal(shown(errorsOf(yaml)), '', yaml)
})

test('every default is a value that the schema takes', async (t) => {
  let defaults = 0
  const visit = (value: unknown, pointer: string): void => {
    if (typeof value !== 'object' || value === null) return
    if ('default' in value && !pointer.endsWith('/properties')) {
      const check = ajv.getSchema(`config#${pointer}`)!
      t.ok(check(value.default), `${pointer}: ${JSON.stringify(value.default)} ${shown(check.errors ?? [])}`)
      defaults++
    }
    for (const [key, inner] of Object.entries(value))
      if (key !== 'default' && key !== 'enum')
        visit(inner, `${pointer}/${encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'))}`)
  }
  visit(schema, '')
  t.ok(defaults > 500)
})

test('names, keys and sentences are there to be completed and shown', async (t) => {
  const { exporters, processors } = schema.properties
  t.equal(
    exporters.properties.prometheus.description,
    'Shows the newest value of every metric to a Prometheus server that comes to scrape it. (beta)',
  )
  const prometheus = schema.$defs['exporter.prometheus']
  t.equal(prometheus.properties.metric_expiration.default, '5m')
  t.match(prometheus.properties.metric_expiration.description, /^How long a series/)
  t.same(prometheus.required, ['endpoint'])
  t.equal(processors.properties.resourcedetection.deprecated, true)
  t.match(processors.properties.resourcedetection.deprecationMessage, /resource_detection/)
  t.notOk(processors.properties.resource_detection.deprecated)
  t.equal(exporters.properties.logging.deprecated, true)
  t.notOk(exporters.properties.prometheus_remote_write.deprecated, 'a newer name is none to be struck out')
  const ids = schema.properties.service.properties.pipelines.properties.traces.properties.exporters.items.anyOf[0].enum
  for (const id of ['otlp_http', 'debug', 'forward']) t.ok(ids.includes(id), id)
})

test('the components of a plugin are in the schema of who loads it', async (t) => {
  const folder = t.testdir({})
  const output = join(folder, 'sluice.schema.json')
  const { code, stdout } = await sluice([
    'schema',
    '--plugin',
    './examples/plugin/drophealthchecks.ts',
    '--output',
    output,
  ])
  t.equal(code, 0)
  t.equal(stdout, '')
  const plugged = validator(JSON.parse(readFileSync(output, 'utf8'))).getSchema('config')!
  const config = parse('processors: { drophealthchecks: }')
  t.ok(plugged(config), shown(plugged.errors ?? []))
  t.notOk(isValid(config))
})

test('a schema that cannot be written is said so', async (t) => {
  const { code, stderr } = await sluice(['schema', '--output', join(t.testdir({}), 'missing', 'a.json')])
  t.equal(code, 1)
  t.match(stderr, /cannot be written: ENOENT/)
  t.equal((await sluice(['schema', '--plugin', './missing.ts'])).code, 2)
})
