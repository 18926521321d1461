// What listens on every interface without knowing who is there is named at the start: whatever it is, in one line.
import { test } from 'tap'
import { sayOpenDoors } from '../../src/cli/open-doors.ts'
import { AwsEmulator, TEST_KEY } from '../emulator/server.ts'
import { authority, writePair } from '../kit/certificates.ts'
import { startSluice } from '../kit/process.ts'
import { until } from '../kit/until.ts'

const PLUGIN = `
import { defineReceiver, section, setting, text } from 'sluice/plugin'
import { createServer } from 'node:net'
export default defineReceiver({
  type: 'gelf', summary: 'x', stability: 'alpha', signals: ['traces'], config: section({ listen: section({ endpoint: setting(text, 'localhost:0', 'Where.') }) }),
  create: () => ({
    endpoints: [],
    async start() {
      this.server = createServer()
      await new Promise((listening) => this.server.listen(0, '127.0.0.1', listening))
      this.endpoints = ['tcp://127.0.0.1:' + this.server.address().port]
    },
    async stop() { this.server.close() },
  }),
})
`

const LINE = /these listen on every interface, for whoever reaches them: .*/g

test('security 1: everything that listens on every interface, and asks nobody who it is, is named in one line', async (t) => {
  const aws = new AwsEmulator({ service: '*', operations: { '*': () => undefined }, now: () => Date.now() })
  await aws.listen()
  t.teardown(() => aws.stop())
  const ca = await authority()
  const folder = t.testdir({ 'gelf.js': PLUGIN })
  const { cert_file, key_file } = writePair(folder, 'server', await ca.issue('doors.test'))
  const tls = `tls: {cert_file: ${cert_file}, key_file: ${key_file}}`
  const proxy = `region: eu-west-1, aws_endpoint: "${aws.url}"`
  const agent = await startSluice(
    t,
    `
plugins: ["${folder}/gelf.js"]
extensions:
  health_check: {endpoint: "0.0.0.0:0"}
  health_check/inside: {endpoint: "127.0.0.1:0"}
  zpages: {endpoint: ":0"}
  zpages/known: {endpoint: "0.0.0.0:0", auth: {authenticator: basicauth}}
  pprof: {endpoint: "[::]:0"}
  awsproxy: {endpoint: "0.0.0.0:0", ${proxy}}
  basicauth: {htpasswd: {inline: "shop:secret"}}
receivers:
  otlp: {protocols: {http: {endpoint: "0.0.0.0:0"}, grpc: {endpoint: "[::]:0"}}}
  otlp/tls: {protocols: {http: {endpoint: "0.0.0.0:0", ${tls}}, grpc: {endpoint: "127.0.0.1:0"}}}
  awslogs: {endpoint: "0.0.0.0:0"}
  awslogs/key: {endpoint: "0.0.0.0:0", access_key: "0123456789abcdef"}
  awsxray: {endpoint: "0.0.0.0:0", proxy_server: {endpoint: "127.0.0.1:0", ${proxy}}}
  awsxray/proxy: {endpoint: "127.0.0.1:0", proxy_server: {endpoint: "0.0.0.0:0", ${proxy}}}
  awsemf: {endpoint: "0.0.0.0:0"}
  statsd: {endpoint: "0.0.0.0:0", transport: udp}
  gelf: {listen: {endpoint: "0.0.0.0:0"}}
exporters:
  prometheus: {endpoint: "0.0.0.0:0"}
  otlp_http: {endpoint: "http://0.0.0.0:1"}
service:
  telemetry: {metrics: {readers: [{pull: {exporter: {prometheus: {host: 0.0.0.0, port: 0}}}}]}}
  extensions: [health_check, health_check/inside, zpages, zpages/known, pprof, awsproxy, basicauth]
  pipelines:
    traces: {receivers: [otlp, otlp/tls, awsxray, awsxray/proxy, gelf], exporters: [otlp_http]}
    logs: {receivers: [awslogs, awslogs/key, awsemf], exporters: [otlp_http]}
    metrics: {receivers: [statsd, awsemf], exporters: [prometheus]}
`,
    { env: { AWS_ACCESS_KEY_ID: TEST_KEY.accessKeyId, AWS_SECRET_ACCESS_KEY: TEST_KEY.secretAccessKey } },
  )
  await until(() => LINE.test(agent.output.stderr))
  const lines = agent.output.stderr.match(LINE) ?? []
  t.equal(lines.length, 1)
  const named = JSON.parse(/listen=(\[[^\n]*?\])(?: \w+=|$)/.exec(lines[0]!)?.[1] ?? '[]')
  t.strictSame(
    named.toSorted(),
    [
      'extension awsproxy 0.0.0.0:0',
      'extension health_check 0.0.0.0:0',
      'extension pprof [::]:0',
      'extension zpages :0',
      'exporter prometheus 0.0.0.0:0',
      'own metrics 0.0.0.0:0',
      'receiver awsemf 0.0.0.0:0',
      'receiver awslogs 0.0.0.0:0',
      'receiver awsxray 0.0.0.0:0',
      'receiver awsxray/proxy 0.0.0.0:0',
      'receiver gelf 0.0.0.0:0',
      'receiver otlp 0.0.0.0:0',
      'receiver otlp [::]:0',
      'receiver statsd 0.0.0.0:0',
    ].toSorted(),
  )
})

test('on a machine it is a warning, in a container, where it is meant so, a line for who looks; nothing open is no line', async (t) => {
  const said: string[] = []
  const at = (level: string) => (message: string, fields?: object) =>
    void said.push(`${level} ${message.slice(0, 31)} ${JSON.stringify(fields)}`)
  const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
  const doors = ['receiver otlp 0.0.0.0:4317']
  sayOpenDoors([], log, false)
  sayOpenDoors(doors, log, false)
  sayOpenDoors(doors, log, true)
  const line = 'these listen on every interface {"listen":["receiver otlp 0.0.0.0:4317"]}'
  t.strictSame(said, [`warn ${line}`, `info ${line}`])
})
