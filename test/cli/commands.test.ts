import { test } from 'tap'
import { helpText } from '../../src/cli/help.ts'
import { createProgram } from '../../src/cli/program.ts'
import { components } from '../../src/components.ts'
import { sluice } from '../kit/process.ts'

test('--version prints the version', async (t) => {
  const { code, stdout } = await sluice(['--version'])
  t.equal(code, 0)
  t.match(stdout, /^\d+\.\d+\.\d+\n$/)
})

test('--help has examples, and names every command', async (t) => {
  const { code, stdout } = await sluice(['--help'])
  t.equal(code, 0)
  for (const command of ['run', 'validate', 'print-config', 'components', 'healthcheck']) {
    t.match(stdout, new RegExp(`^ {2}${command}\\b`, 'm'))
  }
  t.match(stdout, /Examples:/)
})

test('an unknown command is refused with a suggestion', async (t) => {
  const { code, stderr } = await sluice(['validat'])
  t.equal(code, 2)
  t.match(stderr, /Did you mean validate\?/)
})

test('a config that is named without --config is asked for with it', async (t) => {
  for (const [args, meant] of [
    [['my.yaml'], 'run --config my.yaml'],
    [['validate', 'my.yaml'], 'validate --config my.yaml'],
    [['run', './my.yml'], 'run --config ./my.yml'],
  ] as const) {
    const { code, stderr } = await sluice(args)
    t.equal(code, 2)
    t.match(stderr.replaceAll(' [bad_command_line]', ''), `given with --config: sluice ${meant}\n`)
  }
})

test('help for an unknown command is refused likewise', async (t) => {
  const { code, stdout, stderr } = await sluice(['help', 'explane'])
  t.equal(code, 2)
  t.equal(stdout, '')
  t.match(stderr, /unknown command 'explane'\. Did you mean explain\?/)
})

test('the help of every command fits into 80 columns, and has exit codes', async (t) => {
  const program = createProgram(new URL('../../src/plugin.ts', import.meta.url))
  t.ok(program.commands.length > 0)
  for (const command of program.commands) {
    let text = ''
    command.configureOutput({ writeOut: (piece) => void (text += piece) }).outputHelp()
    t.match(text, /^Examples:\n {2}.*sluice/m, command.name())
    t.match(text, /^Exit codes: 0|Exit codes: 0, or 2/m, command.name())
    for (const line of text.split('\n')) t.ok(line.length <= 80, `${command.name()}: ${line}`)
  }
})

test('in a wide terminal what an example is for stands beside it, in a narrow one below', async (t) => {
  const tail = {
    about: ['A sentence of some words.\n  code stays as it is'],
    examples: [['sluice a', 'first'], ['sluice b --longer', 'second'], ['sluice c']] as const,
  }
  t.equal(
    helpText(tail, 80),
    '\nA sentence of some words.\n  code stays as it is\n\nExamples:\n  sluice a            first\n  sluice b --longer   second\n  sluice c',
  )
  t.equal(
    helpText(tail, 20),
    '\nA sentence of some\nwords.\n  code stays as it is\n\nExamples:\n  sluice a\n      first\n  sluice b --longer\n      second\n  sluice c',
  )
})

test('help shows no empty defaults', async (t) => {
  for (const command of ['run', 'validate', 'print-config', 'components']) {
    const { code, stdout } = await sluice(['help', command])
    t.equal(code, 0)
    t.notMatch(stdout, /default: \[\]/)
  }
})

test('components lists every component with its kind', async (t) => {
  const { code, stdout } = await sluice(['components', '--json'])
  t.equal(code, 0)
  const rows = JSON.parse(stdout) as { kind: string; type: string; summary: string }[]
  for (const [kind, byType] of Object.entries(components)) {
    t.strictSame(new Set(rows.filter((row) => row.kind === kind).map(({ type }) => type)), new Set(Object.keys(byType)))
  }
  for (const { summary } of rows) t.match(summary, /^[A-Z].*\.$/)
})

test('components fit into 80 columns', async (t) => {
  const { stdout } = await sluice(['components'])
  t.match(stdout, /^ {2}otlp_grpc \(otlp\) {2}\[beta; traces, metrics, logs\]\n {6}Sends telemetry/m)
  for (const line of stdout.split('\n')) t.ok(line.length <= 80, line)
})

test('components of a name that nothing has says so', async (t) => {
  const { code, stderr } = await sluice(['components', 'frobnicate'])
  t.equal(code, 1)
  t.match(stderr, /frobnicate/)
})

const secretive = `
receivers:
  otlp:
    protocols: {http: {endpoint: "127.0.0.1:\${env:PORT:-4318}"}}
exporters:
  otlp_http:
    endpoint: http://127.0.0.1:9
    headers: {authorization: "Bearer \${env:SHOP_TOKEN}"}
service:
  pipelines:
    traces: {receivers: [otlp], exporters: [otlp_http]}
`

test('print-config prints what is meant, and no secret', async (t) => {
  const { code, stdout, stderr } = await sluice(
    ['print-config', '--config', `yaml:${secretive}`, '--set', 'exporters::otlp_http::timeout=3s'],
    {
      env: { SHOP_TOKEN: 'hunter2', PORT: '14318' },
    },
  )
  t.equal(code, 0, stderr)
  t.match(stdout, /127\.0\.0\.1:14318/)
  t.match(stdout, /timeout: 3s/)
  t.notMatch(stdout + stderr, /hunter2/)
})

test('validate shows a mistake beside a secret without the secret', async (t) => {
  const { code, stderr } = await sluice(
    ['validate', '--config', `yaml:${secretive}`, '--set', 'exporters::otlp_http::timeout=never'],
    {
      env: { SHOP_TOKEN: 'hunter2' },
    },
  )
  t.equal(code, 2)
  t.match(stderr, /timeout/)
  t.notMatch(stderr, /hunter2/)
})

test('an authenticator that does not run is a mistake with its place', async (t) => {
  const config = `receivers: {otlp: {protocols: {http: }}}
extensions: {sigv4auth: }
exporters:
  otlp_http:
    endpoint: http://localhost:4318
    auth:
      authenticator: sigv4auth
service:
  pipelines: {traces: {receivers: [otlp], exporters: [otlp_http]}}
`
  const path = `${t.testdir({ 'config.yaml': config })}/config.yaml`
  const { code, stderr } = await sluice(['validate', '--config', path])
  t.equal(code, 2)
  t.match(stderr, /config.yaml:7:22.*there is no extension sigv4auth in service::extensions/s)
})

test('each problem of a config ends with its code, which explain knows, and a last line says so once', async (t) => {
  const config = `yaml:receivers: {otlp: {protocols: {grpc: {endpont: x}}}}
exporters: {debug: {verbosity: loud}}
service: {pipelines: {traces: {receivers: [otlp], exporters: [debug]}}}`
  const { code, stderr } = await sluice(['validate', '--config', config])
  t.equal(code, 2)
  const lines = stderr.split('\n')
  t.match(
    lines[0],
    /^--config yaml:1:39: receivers::otlp::protocols::grpc::endpont: there is no such setting \[unknown_key\]$/,
  )
  t.match(stderr, /verbosity: must be one of .*, got "loud" \[unknown_choice\]\n/)
  t.same(
    lines.filter((line) => line.includes('sluice explain')),
    ['sluice explain unknown_key says what to do; the same goes for the other codes in brackets'],
  )
  const explained = await sluice(['explain', 'unknown_key'])
  t.equal(explained.code, 0)
  t.match(explained.stdout, /What to do/i)
})

test('warnings of a config that is valid have codes, too', async (t) => {
  const config = `yaml:receivers: {otlp: {protocols: {grpc: }}}
exporters: {debug: , debug/second: }
service: {pipelines: {traces: {receivers: [otlp], exporters: [debug]}}}`
  const { code, stderr } = await sluice(['validate', '--config', config])
  t.equal(code, 0)
  t.match(stderr, /warning: exporters::debug\/second: is configured and in no pipeline \[unused_component\]\n/)
  t.match(stderr, /\nsluice explain unused_component says what to do\n$/)
})
