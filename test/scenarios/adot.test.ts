// The configurations that ADOT ships, unchanged but for the ports: started, given telemetry, and what they send read where it arrives.
import { readdirSync, readFileSync } from 'node:fs'
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs'
import { BatchGetTracesCommand, XRayClient } from '@aws-sdk/client-xray'
import { test } from 'tap'
import { destination } from '../exporters/prometheusremotewrite/kit.ts'
import { findMoto, startMoto } from '../servers/moto.ts'
import { eventually } from '../servers/process.ts'
import { attributes, metricsOf, nanos, onFreePorts, postOtlp, spansOf, startYaml, taskMetadata } from './kit.ts'

const FOLDER = 'test/config/cases/adot'
/** Those validate as far as there are components: test/config/adot.test.ts. */
const needsPrometheus = (yaml: string): boolean => /^ {2}prometheus:$/m.test(yaml)

const found = await findMoto()
const skip = typeof found === 'string' && found

/** What listens without saying where: on a free port too. The name of this machine does not say which service is signed for. */
const onOtherPorts = (yaml: string): string =>
  onFreePorts(yaml)
    .replace(/^ {2}(health_check|awsproxy):\s*$/gm, '  $1: {endpoint: "127.0.0.1:0"}')
    .replace(/^( {2}awsxray:\n {4}endpoint: .*)$/m, '$1\n    proxy_server: {endpoint: "127.0.0.1:0"}')
    .replace(/^ {2}sigv4auth:$/m, '  sigv4auth:\n    service: aps')

test('every configuration of ADOT runs, and sends where it says', { skip, timeout: 110_000 }, async (t) => {
  if (typeof found === 'string') return
  const moto = await startMoto(found)
  t.teardown(() => moto.stop())
  const metadata = await taskMetadata(t)
  const xray = new XRayClient(moto.client)
  const logs = new CloudWatchLogsClient(moto.client)
  t.teardown(() => [xray, logs].forEach((client) => void client.destroy()))
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'))
  const runnable = files.filter((name) => !needsPrometheus(readFileSync(`${FOLDER}/${name}`, 'utf8')))
  t.same(
    files.filter((name) => !runnable.includes(name)),
    ['ecs-amp-prometheus.yaml'],
  )
  for (const [i, file] of runnable.entries()) {
    await t.test(file, async (t) => {
      const yaml = readFileSync(`${FOLDER}/${file}`, 'utf8')
      await moto.reset()
      const before = metadata.scrapes()
      const remote = await destination(t)
      const agent = await startYaml(t, onOtherPorts(yaml), {
        AWS_REGION: moto.client.region,
        AWS_ENDPOINT_URL: moto.url,
        AWS_PROMETHEUS_ENDPOINT: remote.url,
        ECS_CONTAINER_METADATA_URI_V4: metadata.url,
      })
      const has = (pipeline: RegExp, exporter: string): boolean =>
        new RegExp(`${pipeline.source}:[\\s\\S]*?exporters: \\[\\s*${exporter}`).test(
          yaml.slice(yaml.indexOf('pipelines:')),
        )
      const trace = `0af7651916cd43dd8448eb211c8031${(16 + i).toString(16)}`
      if (/receivers: \[otlp/.test(yaml)) {
        if (/^ {4}traces:/m.test(yaml)) await postOtlp(agent, 'traces', spansOf('shop', [span(trace)]))
        if (/^ {4}metrics(\/application)?:\s+receivers: \[otlp/m.test(yaml))
          await postOtlp(agent, 'metrics', metricsOf('shop', [gauge]))
      }
      if (has(/metrics\/performance/, 'awsemf'))
        await eventually('a scrape', async () => metadata.scrapes() > before || undefined)
      // Batches of metrics wait for a minute there: the end of the agent sends them.
      const { code, stderr } = await agent.end()
      t.equal(code, 0, stderr)
      t.notMatch(stderr, / error /)
      if (has(/traces/, 'awsxray')) {
        const id = `1-${trace.slice(0, 8)}-${trace.slice(8)}`
        const { Traces = [] } = await xray.send(new BatchGetTracesCommand({ TraceIds: [id] }))
        t.match(JSON.parse(Traces[0]!.Segments![0]!.Document!), { name: 'shop' })
      }
      for (const [, group] of yaml.matchAll(/log_group_name: '([^'{]+)'/g)) {
        const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName: group! }))
        t.ok(
          events.some(({ message }) => JSON.parse(message!)['queue.length'] === 7),
          group!,
        )
      }
      if (/^ {2}prometheusremotewrite:/m.test(yaml)) {
        const names = remote.writes.flatMap(({ series }) => series.map(({ name }) => name))
        t.ok(
          names.some((name) => name.startsWith('queue_length{')),
          names.join(' '),
        )
        t.match(
          remote.writes[0]!.headers.authorization,
          /^AWS4-HMAC-SHA256 Credential=AKIATEST\/\d{8}\/eu-west-1\/aps\//,
        )
        t.same(remote.violations, [])
      }
    })
  }
})

const now = Date.now()
const span = (traceId: string) => ({
  traceId,
  spanId: 'b7ad6b7169203331',
  name: 'GET /',
  kind: 2,
  startTimeUnixNano: nanos(now - 50),
  endTimeUnixNano: nanos(now),
  attributes: attributes({ 'http.request.method': 'GET' }),
})
const gauge = { name: 'queue.length', gauge: { dataPoints: [{ timeUnixNano: nanos(now), asDouble: 7 }] } }
