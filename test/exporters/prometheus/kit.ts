// An exporter on a free port of this machine, its clock and its accounts in the test's hands.
import type { Test } from 'tap'
import * as v from 'valibot'
import prometheus from '../../../src/exporters/prometheus/index.ts'
import { type TestSettings, testContext, testHost, testSettings } from '../../../src/testing/index.ts'
import { countingMeter } from '../../kit/receiver.ts'
import { batchOfJson } from './cases.ts'

export interface StartedExporter {
  /** `http://127.0.0.1:port/metrics` */
  readonly url: string
  readonly port: number
  readonly settings: TestSettings
  /** Requests that got no metrics, by reason. */
  readonly refused: ReadonlyMap<string, number>
  /** An OTLP/JSON request, or only its metrics; counted as entered, as the graph does. */
  send(request: object | readonly object[]): Promise<void>
  /** The exposition as text. */
  scrape(headers?: Record<string, string>): Promise<string>
  stop(abort?: AbortSignal): Promise<void>
}

export async function startExporter(t: Test, config: object = {}): Promise<StartedExporter> {
  const { meter, counts } = countingMeter('reason')
  const settings = testSettings({ meter, id: 'prometheus' })
  const exporter = prometheus.create(v.parse(prometheus.config, { endpoint: '127.0.0.1:0', ...config }), settings)
  await exporter.start!(testHost())
  const stop = async (abort?: AbortSignal): Promise<void> => exporter.stop!(abort ?? AbortSignal.timeout(60_000))
  t.teardown(() => stop(AbortSignal.abort()))
  const url = exporter.endpoints![0]!
  return {
    url,
    port: Number(new URL(url).port),
    settings,
    refused: counts,
    stop,
    async send(request) {
      const batch = batchOfJson(Array.isArray(request) ? withMetrics(request) : request)
      settings.ledger('metrics').entered(batch.items)
      await exporter.consumers.metrics!(batch, testContext())
    },
    async scrape(headers = {}) {
      const response = await fetch(url, { headers })
      if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`)
      return response.text()
    },
  }
}

const withMetrics = (metrics: readonly object[]): object => ({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] })

export const attribute = (key: string, value: string): object => ({ key, value: { stringValue: value } })

/** A gauge with a point for each value, told apart by the attribute `i`. */
export const gauge = (name: string, values: readonly number[]): object => ({
  name,
  gauge: { dataPoints: values.map((asDouble, i) => ({ asDouble, attributes: [attribute('i', String(i))] })) },
})

/** Lines that are samples, without the labels of the scope. */
export const samplesOf = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.replace(/,?otel_scope_\w+="[^"]*"/g, '').replace('{}', ''))
