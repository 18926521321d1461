// A whole agent with every exporter that writes something, and a way to see that it is as good as before.
import type { Test } from 'tap'
import type { Signal } from '../../src/data/index.ts'
import type { Plain } from '../data/random.ts'
import { FakeOtlpHttp } from '../kit/fake-otlp-http.ts'
import { items } from '../kit/otlp.ts'
import { contradictions, OWN_METRICS, ownAccounts } from '../kit/own-accounts.ts'
import { type SluiceProcess, startSluice } from '../kit/process.ts'
import { bytesOf, send } from '../kit/receiver.ts'

const exporters = ['debug', 'file', 'otlp_http/proto', 'otlp_http/json']

const config = (destination: string): string => `
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
processors:
  memory_limiter: {check_interval: 1s, limit_mib: 1500}
  attributes: {actions: [{key: env, value: prod, action: upsert}, {key: "__proto__", action: hash}]}
  batch: {timeout: 10ms}
exporters:
  debug: {verbosity: detailed, use_internal_logger: false, output_paths: [debug.txt]}
  file: {path: out.json}
  otlp_http/proto: {endpoint: "${destination}", compression: none, sending_queue: {num_consumers: 1}}
  otlp_http/json: {endpoint: "${destination}", compression: none, encoding: json, sending_queue: {num_consumers: 1}}
  prometheus: {endpoint: "127.0.0.1:0", resource_to_telemetry_conversion: {enabled: true}}
service:
  ${OWN_METRICS}
  pipelines:
    traces: {receivers: [otlp], processors: [memory_limiter, attributes, batch], exporters: [${exporters}]}
    logs: {receivers: [otlp], processors: [memory_limiter, attributes, batch], exporters: [${exporters}]}
    metrics: {receivers: [otlp], processors: [memory_limiter, attributes, batch], exporters: [${exporters}, prometheus]}
`

export interface Rig {
  readonly agent: SluiceProcess
  readonly destination: FakeOtlpHttp
  post(signal: Signal, body: Uint8Array | string, type?: string): Promise<number>
  /** Everything that came in has gone; then one good request of each signal goes all the way. */
  isAsGoodAsBefore(): Promise<void>
}

export async function rig(t: Test): Promise<Rig> {
  const destination = await new FakeOtlpHttp().start()
  t.teardown(() => destination.stop())
  const agent = await startSluice(t, config(destination.url))
  const [endpoint] = agent.endpoints('receiver otlp')
  const post: Rig['post'] = async (signal, body, type = 'application/x-protobuf') =>
    (await send(`${endpoint}/v1/${signal}`, body, { headers: { 'content-type': type } })).status
  return {
    agent,
    destination,
    post,
    async isAsGoodAsBefore() {
      for (const signal of ['traces', 'metrics', 'logs'] as const) {
        await settled(t, agent)
        const before = (await ownAccounts(agent)).get(`exporter otlp_http/json ${signal}`)?.out ?? 0
        t.equal(await post(signal, bytesOf(items[signal](3))), 200)
        await settled(t, agent)
        t.equal((await ownAccounts(agent)).get(`exporter otlp_http/json ${signal}`)?.out, before + 3)
      }
      t.strictSame(destination.violations, [])
    },
  }
}

export async function settled(t: Test, agent: SluiceProcess): Promise<void> {
  for (;;) {
    const accounts = await ownAccounts(agent)
    const wrong = contradictions(accounts)
    if (wrong.length > 0) t.strictSame(wrong, [])
    if ([...accounts.values()].every(({ inFlight }) => inFlight === 0)) return
  }
}

export const attribute = (key: string, stringValue: string): Plain => ({ key, value: { stringValue } })
