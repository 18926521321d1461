// Every problem that a config can have carries its code: each of them from a config that has it.
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { assemble } from '../../src/cli/assemble.ts'
import { PluginError } from '../../src/cli/plugins.ts'
import { ConfigError, type Problem, type ProblemCode } from '../../src/config/index.ts'

const api = new URL('../../src/plugin.ts', import.meta.url)
const WHOLE =
  'receivers: {otlp: {protocols: {grpc: }}}\nexporters: {debug: }\nservice: {pipelines: {traces: {receivers: [otlp], exporters: [debug]}}}\n'

const withExporter = (settings: string): string => WHOLE.replace('debug: }', `debug: ${settings}}`)
const withOtlp = (settings: string): string => WHOLE.replace('debug: }', `debug: , otlp_http: {${settings}}}`)
const withPipeline = (pipeline: string): string => WHOLE.replace(/traces: .*\n/, `${pipeline}}}\n`)

/** What such a config is said to have, in the order of the text. */
async function codesOf(config: string | readonly string[], set: readonly string[] = []): Promise<ProblemCode[]> {
  const problems = await problemsOf(typeof config === 'string' ? [`yaml:${config}`] : config, set)
  messages.push(...problems.map(({ message }) => message))
  return problems.map(({ code }) => code)
}

const messages: string[] = []

async function problemsOf(
  config: readonly string[],
  set: readonly string[],
): Promise<readonly Pick<Problem, 'code' | 'message'>[]> {
  try {
    return (await assemble({ config, set, plugin: [] }, api)).warnings
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    if (error instanceof PluginError) return [error]
    throw error
  }
}

const TEXTS: Readonly<Partial<Record<ProblemCode, string>>> = {
  not_a_config: 'receivers',
  yaml_syntax: 'receivers: "otlp',
  bad_indentation: 'receivers:\n\totlp:',
  needs_quotes: 'receivers: @x',
  duplicate_key: `${WHOLE}receivers: {}`,
  bad_alias: 'receivers: *none',
  unsupported_yaml: 'receivers: !!js/regexp x',
  config_too_large: `a: ${'['.repeat(200)}${']'.repeat(200)}`,
  unset_variable: withExporter('{sampling_initial: "${env:SLUICE_TEST_NOT_SET:-}${SLUICE_TEST_NOT_SET}"}'),
  bare_variable: WHOLE.replace('debug: }', 'debug: {verbosity: $PATH}}'),
  bad_reference: withExporter('{verbosity: "${nowhere:x}"}'),
  reference_cycle: withExporter('{verbosity: "${SLUICE_TEST_CIRCLE}"}'),
  source_unreachable: withExporter('{verbosity: "${http://127.0.0.1:1/x}"}'),
  credentials_not_found: withExporter('{verbosity: "${ssm:/x}"}'),
}

const PLANS: Readonly<Partial<Record<ProblemCode, string>>> = {
  unknown_section: `${WHOLE}exporter: {}`,
  unknown_component: WHOLE.replace('debug: }', 'debug: , debugg: }'),
  bad_id: WHOLE.replace('debug: }', 'debug: , 1x: }'),
  duplicate_id: WHOLE.replace('debug: }', 'debug: , "debug ": }'),
  undefined_component: WHOLE.replace('[debug]', '[debug, nope]'),
  unused_component: WHOLE.replace('debug: }', 'debug: , debug/second: }'),
  extension_not_running: `${WHOLE.replace('debug: ', 'otlp_http: {endpoint: "http://x", auth: {authenticator: basicauth}}').replace('[debug]', '[otlp_http]')}extensions: {}`,
  repeated_component: WHOLE.replace('[debug]', '[debug, debug]'),
  incomplete_pipeline: withPipeline('traces: {receivers: [otlp]}'),
  unknown_signal: withPipeline('trace: {receivers: [otlp], exporters: [debug]}'),
  wrong_signal: WHOLE.replace('debug: }', 'debug: , prometheus: {endpoint: "localhost:0"}}').replace(
    '[debug]',
    '[debug, prometheus]',
  ),
  lone_connector: `${WHOLE.replace('[debug]', '[debug, forward]')}connectors: {forward: }`,
  pipeline_cycle: `${withPipeline('traces: {receivers: [otlp, forward], exporters: [forward]}')}connectors: {forward: }`,
  plugin_not_found: `${WHOLE}plugins: [./none.ts]`,
}

const SETTINGS: Readonly<Partial<Record<ProblemCode, string>>> = {
  unknown_key: withExporter('{verbositi: basic}'),
  missing_setting: withOtlp('compression: gzip'),
  wrong_type: withExporter('{verbosity: [basic], sampling_initial: x}'),
  out_of_range: withExporter('{sampling_initial: -1}'),
  unknown_choice: withExporter('{verbosity: loud}'),
  invalid_setting: `${WHOLE}extensions: {sigv4auth: {region: "a b"}}`,
  conflicting_settings: `${WHOLE}processors: {batch: {send_batch_size: 2, send_batch_max_size: 1}}`,
  unsupported_setting: withOtlp('endpoint: "http://x", middlewares: [{id: x}]'),
  deprecated_name: WHOLE.replaceAll('debug', 'logging'),
  no_effect: `${WHOLE}processors: {memory_limiter: {limit_mib: 100, check_interval: 1s, ballast_size_mib: 1}}`,
  bad_duration: withOtlp('endpoint: "http://x", timeout: 5 sec'),
  missing_unit: withOtlp('endpoint: "http://x", timeout: 5'),
  bad_size: WHOLE.replace('receivers: {', 'receivers: {awsemf: {max_line_size: 5 lb}, '),
  bad_endpoint: WHOLE.replace('grpc: }', 'grpc: {endpoint: "localhost"}}'),
  bad_url: withOtlp('endpoint: "ftp://x"'),
  secret_in_url: withOtlp('endpoint: "http://me:hush@x"'),
  metadata_address: withOtlp('endpoint: "http://169.254.169.254"'),
  unfit_header: withOtlp('endpoint: "http://x", headers: {a b: c}'),
  bad_pattern: `${WHOLE}processors: {attributes: {actions: [{key: a, action: extract, pattern: "("}]}}`,
}

process.env.SLUICE_TEST_CIRCLE = '${SLUICE_TEST_CIRCLE}'
for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name]
Object.assign(process.env, { AWS_EC2_METADATA_DISABLED: 'true', AWS_REGION: 'eu-west-1', HOME: '/nowhere' })

const seen = new Set<string>()
const remember = (found: readonly string[]): readonly string[] => {
  for (const code of found) seen.add(code)
  return found
}

test('a whole config has no problem', async (t) => {
  t.same(await codesOf(WHOLE), [])
})

test('what is wrong with a text, with components and with settings has a code of its own', async (t) => {
  for (const [code, yaml] of Object.entries({ ...TEXTS, ...PLANS, ...SETTINGS }))
    t.ok(remember(await codesOf(yaml)).includes(code), `${code}: ${[...seen].at(-1)}`)
})

test('a component in the wrong place is told beside what is wrong with its settings', async (t) => {
  const both = WHOLE.replace('debug: }', 'prometheus: {endpoint: x}}').replace('[debug]', '[prometheus]')
  t.same(await codesOf(both), ['wrong_signal', 'bad_endpoint'])
  t.ok(messages.some((message) => message.includes('prometheus does not take traces, only metrics')))
  await codesOf(WHOLE.replace('otlp: {protocols: {grpc: }}', 'statsd: {endpoint: x}').replace('[otlp]', '[statsd]'))
  t.ok(messages.some((message) => message.includes('statsd does not make traces, only metrics')))
})

test('what is wrong with the sources of a config has a code', async (t) => {
  const folder = t.testdir({ 'config.yaml': WHOLE, 'secret.yaml': WHOLE })
  mkdirSync(join(folder, 'folder'))
  writeFileSync(join(folder, 'utf16.yaml'), Buffer.from('\uFEFFreceivers: {}', 'utf16le'))
  t.same(remember(await codesOf([])), ['no_config'])
  t.same(remember(await codesOf([join(folder, 'none.yaml')])), ['file_not_found'])
  t.same(remember(await codesOf([join(folder, 'folder')])), ['file_unreadable'])
  t.same(remember(await codesOf([join(folder, 'utf16.yaml')])), ['file_unreadable'])
  t.same(remember(await codesOf([`yaml:${WHOLE}`], ['exporters'])), ['bad_assignment'])
  chmodSync(join(folder, 'secret.yaml'), 0)
  if (process.getuid?.() !== 0) t.same(await codesOf([join(folder, 'secret.yaml')]), ['file_unreadable'])
  process.env.AOT_CONFIG_CONTENT = WHOLE
  t.same(remember(await codesOf([join(folder, 'config.yaml')])), ['ignored_source'])
  delete process.env.AOT_CONFIG_CONTENT
})

test('what is wrong with a plugin has a code', async (t) => {
  const folder = t.testdir({
    'broken.ts': 'throw new Error("broken")',
    'empty.ts': 'export const a = 1',
    'taken.ts':
      'import { defineExporter, section } from "sluice/plugin"\nexport default defineExporter({ type: "debug", stability: "alpha", summary: "Takes.", signals: ["logs"], config: section({}), create: () => ({}) })',
  })
  const withPlugin = (name: string): string => `${WHOLE}plugins: [${join(folder, name)}]`
  t.same(remember(await codesOf(withPlugin('broken.ts'))), ['plugin_not_loaded'])
  t.same(remember(await codesOf(withPlugin('empty.ts'))), ['plugin_without_component'])
  t.same(remember(await codesOf(withPlugin('taken.ts'))), ['type_taken'])
})

test('no code is missing here', async (t) => {
  const listed = [...readFileSync('src/config/problem-code.ts', 'utf8').matchAll(/^ {2}\| '(\w+)'/gm)].map(
    ([, code]) => code!,
  )
  t.ok(listed.length > 50)
  // Those of AWS: test/aws/sources. A component that refuses to be made: test/cli/plugins.test.ts.
  const elsewhere = ['secret_not_found', 'secret_access_denied', 'component_not_made']
  t.same(
    listed.filter((code) => !seen.has(code)),
    elsewhere,
  )
})

test('no message has code in it where words belong', async (t) => {
  t.ok(messages.length > 50)
  t.same(
    messages.filter((message) => /=>|\[object |undefined|function/.test(message)),
    [],
  )
})
