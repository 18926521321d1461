// Random edits of a real config, seeded: whatever is in a file, loading it ends in a config or in an error that says where.
import { readFileSync } from 'node:fs'
import { test } from 'tap'
import {
  ConfigError,
  checkSchema,
  duration,
  endpoint,
  flag,
  formatProblems,
  headers,
  integer,
  list,
  loadConfig,
  named,
  oneOf,
  optional,
  type Problem,
  parseService,
  printConfig,
  record,
  required,
  secret,
  section,
  setting,
  size,
  text,
  texts,
} from '../../src/config/index.ts'
import { known } from './known.ts'

const CASES = Number(process.env.FUZZ_CASES ?? 400)
const seedText = `${readFileSync('test/config/cases/adot/ecs-amp-prometheus.yaml', 'utf8')}
  telemetry: {logs: {level: debug, output_paths: [stderr]}, metrics: {readers: [{pull: {exporter: {prometheus: {port: 1}}}}]}}
`.replace(
  'exporters:\n',
  `exporters:
  logging: {loglevel: debug}
  debug:
    endpoint: \${env:HOST}:4317
    timeout: 5s
    count: 5
    token: hush1
    headers: {Authorization: Bearer hush2, X-Scope: "hush3"}
    labels: {a: b}
    names: [a, b]
    actions: [{key: a}, {key: b}]
    grpc:
      tls: {ca_file: /a}
    <<: &anchor {mode: basic, size: 1MiB}
`,
)
const component = section({
  endpoint: setting(endpoint, 'localhost:1', 'a'),
  timeout: setting(duration, '5s', 'a'),
  size: setting(size, 1, 'a'),
  count: setting(integer(1, 100), 10, 'a'),
  enabled: setting(flag, false, 'a'),
  mode: setting(oneOf(['basic', 'normal']), 'basic', 'a'),
  token: setting(secret, '', 'a'),
  headers: setting(headers, {}, 'a'),
  labels: setting(record(text), {}, 'a'),
  names: setting(texts, [], 'a'),
  actions: setting(list(section({ key: required(text, 'a') })), [], 'a'),
  grpc: named(section({ tls: optional(section({ ca_file: required(text, 'a') }), 'a') }), 'a'),
})

const TOKENS = [
  ' ',
  '  ',
  '\n',
  '\t',
  ':',
  ': ',
  '- ',
  ',',
  '[',
  ']',
  '{',
  '}',
  '"',
  "'",
  '#',
  ' # ',
  '|',
  '>',
  '|-\n',
  '&a ',
  '*a',
  '*anchor',
  '!',
  '!!js/function ',
  '!!str ',
  '<<: ',
  '? ',
  '%',
  '@',
  '`',
  '$',
  '$$',
  '${',
  '${env:X}',
  '${env:X',
  '${env:${env:Y}}',
  '${file:/dev/null}',
  '${yaml:[1]}',
  '${1}',
  '---\n',
  '...\n',
  '::',
  'null',
  '~',
  'true',
  '0x1F',
  '1e99h',
  '-1',
  '.nan',
  '9'.repeat(30),
  '__proto__',
  'constructor',
  '\0',
  '\r\n',
  '\uFEFF',
  '\uD800',
  'ä',
  '\u{1F600}',
  '{PodName}',
  'a:b',
]

function random(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

function edit(text: string, pick: (below: number) => number): string {
  const lines = text.split('\n')
  const line = pick(lines.length)
  const at = pick(text.length + 1)
  switch (pick(9)) {
    case 0:
      return text.slice(0, at) + TOKENS[pick(TOKENS.length)] + text.slice(at)
    case 1:
      return text.slice(0, at) + text.slice(at + 1 + pick(5))
    case 2:
      return lines.toSpliced(line, 1).join('\n')
    case 3:
      return lines.toSpliced(line, 0, lines[pick(lines.length)]!).join('\n')
    case 4:
      return lines.with(line, `${' '.repeat(pick(5))}${lines[line]}`).join('\n')
    case 5:
      return lines.with(line, lines[line]!.replace(/^ {1,2}/, '')).join('\n')
    case 6:
      return lines.with(line, lines[line]!.replace(/: .*$/, `: ${TOKENS[pick(TOKENS.length)]}`)).join('\n')
    case 7:
      return lines
        .with(
          line,
          lines[line]!.replace(/[\w/]+/, (word) => TOKENS[pick(TOKENS.length)] ?? word),
        )
        .join('\n')
    default:
      return text.slice(0, at)
  }
}

async function problemsOf(text: string, env: NodeJS.ProcessEnv): Promise<readonly Problem[]> {
  const sources = ['env:CONFIG']
  try {
    const loaded = await loadConfig({ sources, env: { ...env, CONFIG: text } })
    const { components, problems } = parseService(loaded, known)
    const checked = components.flatMap(({ value, path }) => checkSchema(component, value, path, loaded).problems ?? [])
    const printed = printConfig(loaded)
    const again = await loadConfig({ sources, env: { CONFIG: printed } })
    if (printConfig(again) !== printed) throw new Error(`printing changes the config:\n${printed}`)
    return [...loaded.warnings, ...problems, ...checked]
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
}

test('a config with any edits loads, or says what is wrong and where, and never shows a secret', async (t) => {
  let cases = 0
  let broken = 0
  for (let seed = 1; seed <= CASES; seed++) {
    const pick = random(seed)
    let text = seedText
    for (let edits = 1 + pick(4); edits > 0; edits--) text = edit(text, pick)
    const problems = await problemsOf(text, { HOST: 'h', X: TOKENS[pick(TOKENS.length)], Y: 'X', AWS_REGION: 'x' })
    const lines = text.split('\n').length
    for (const problem of problems) {
      const { location, message, severity } = problem
      if (location === undefined) t.fail(`seed ${seed}: no place for ${message}`)
      else if (location.line < 1 || location.line > lines || location.column < 1)
        t.fail(`seed ${seed}: ${message} at ${location.line}`)
      if (/undefined|\[object|Invalid /.test(message)) t.fail(`seed ${seed}: ${message}`)
      if (severity === 'error') broken++
    }
    const report = formatProblems(problems)
    // An edit may tear a secret from its key; where key and secret are whole, it is hidden.
    if (/token: hush1|Authorization: Bearer hush2|headers: .*"hush3"/.test(report))
      t.fail(`seed ${seed}: a secret in\n${report}`)
    cases++
  }
  t.ok(cases > 0)
  t.ok(broken > cases / 2, 'the edits break something')
})

test('random texts load or are refused', async (t) => {
  let cases = 0
  for (let seed = 1; seed <= CASES; seed++) {
    const pick = random(seed * 7919)
    let text = ''
    for (let tokens = pick(30); tokens > 0; tokens--) text += TOKENS[pick(TOKENS.length)]
    const problems = await problemsOf(text, { X: 'x', Y: 'X' })
    t.ok(formatProblems(problems).length < 100_000)
    cases++
  }
  t.ok(cases > 0)
})
