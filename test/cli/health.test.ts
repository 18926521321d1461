import { test } from 'tap'
import { sluice, startSluice } from '../kit/process.ts'

test('a running agent says how it is: to probes in the collector’s words, to people in detail', async (t) => {
  const agent = await startSluice(
    t,
    `
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
processors: {batch: }
exporters: {debug: , "nop/other": }
extensions: {health_check: {endpoint: "127.0.0.1:0"}}
service:
  extensions: [health_check]
  telemetry: {metrics: {level: none}}
  pipelines:
    traces: {receivers: [otlp], processors: [batch], exporters: [debug]}
    logs/all: {receivers: [otlp], exporters: [debug, nop/other]}
`,
  )
  const [endpoint] = agent.endpoints('extension health_check')
  const asked = await sluice(['health', endpoint!])
  t.equal(asked.code, 0)
  t.match(
    asked.stdout,
    /^\{"status":"Server available","upSince":"\S+","uptime":"\S+","eventLoopDelay":\{"lastMs":\d+,"worstOfMinuteMs":\d+\}\}$/m,
  )
  const detailed = await fetch(`${endpoint}health/detailed`)
  t.equal(detailed.status, 200)
  t.match(await detailed.json(), {
    status: 'ok',
    pipelines: {
      traces: { state: 'ok', receivers: ['otlp'], processors: ['batch'], exporters: ['debug'] },
      'logs/all': { state: 'ok', receivers: ['otlp'], processors: [], exporters: ['debug', 'nop/other'] },
    },
    components: [
      { kind: 'extension', id: 'health_check', state: 'ok' },
      { kind: 'exporter', id: 'debug', state: 'ok' },
      { kind: 'exporter', id: 'nop/other', state: 'ok' },
      { kind: 'processor', id: 'batch', pipeline: 'traces', state: 'ok' },
      { kind: 'receiver', id: 'otlp', state: 'ok' },
    ],
  })
  t.equal((await agent.end()).code, 0)
})
