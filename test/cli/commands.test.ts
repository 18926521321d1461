import { test } from 'tap'
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
  for (const args of [['my.yaml'], ['validate', 'my.yaml'], ['run', './my.yml']]) {
    const { code, stderr } = await sluice(args)
    t.equal(code, 2)
    t.match(stderr, /given with --config: sluice run --config .*my\.ya?ml/)
  }
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
