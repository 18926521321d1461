// The official OpenTelemetry SDK, every signal over every protocol, plain and gzipped, over TLS and without.
import { credentials } from '@grpc/grpc-js'
import { SeverityNumber } from '@opentelemetry/api-logs'
import { OTLPLogExporter as LogsOverGrpc } from '@opentelemetry/exporter-logs-otlp-grpc'
import { OTLPLogExporter as LogsAsJson } from '@opentelemetry/exporter-logs-otlp-http'
import { OTLPLogExporter as LogsAsProtobuf } from '@opentelemetry/exporter-logs-otlp-proto'
import { OTLPMetricExporter as MetricsOverGrpc } from '@opentelemetry/exporter-metrics-otlp-grpc'
import { OTLPMetricExporter as MetricsAsJson } from '@opentelemetry/exporter-metrics-otlp-http'
import { OTLPMetricExporter as MetricsAsProtobuf } from '@opentelemetry/exporter-metrics-otlp-proto'
import { OTLPTraceExporter as TracesOverGrpc } from '@opentelemetry/exporter-trace-otlp-grpc'
import { OTLPTraceExporter as TracesAsJson } from '@opentelemetry/exporter-trace-otlp-http'
import { OTLPTraceExporter as TracesAsProtobuf } from '@opentelemetry/exporter-trace-otlp-proto'
import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchLogRecordProcessor, LoggerProvider, type LogRecordExporter } from '@opentelemetry/sdk-logs'
import { MeterProvider, PeriodicExportingMetricReader, type PushMetricExporter } from '@opentelemetry/sdk-metrics'
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace'
import { test } from 'tap'
import type { Batch, Signal } from '../../../src/data/index.ts'
import { authority, type Pair } from '../../kit/certificates.ts'
import { startReceiver } from '../../kit/receiver.ts'

const ca = await authority()
const pair = await ca.issue('server.test')
const resource = resourceFromAttributes({ 'service.name': 'shop' })

type Protocol = 'http/json' | 'http/protobuf' | 'grpc'
interface Target {
  readonly url: string
  readonly gzip: boolean
  readonly ca: Pair | undefined
}

const httpOptions = ({ url, gzip, ca }: Target, signal: Signal) => ({
  url: `${url}/v1/${signal}`,
  compression: gzip ? CompressionAlgorithm.GZIP : CompressionAlgorithm.NONE,
  ...(ca && { httpAgentOptions: { ca: ca.cert } }),
})
const grpcOptions = ({ url, gzip, ca }: Target) => ({
  url: url.replace('127.0.0.1', 'localhost'),
  compression: gzip ? CompressionAlgorithm.GZIP : CompressionAlgorithm.NONE,
  ...(ca && { credentials: credentials.createSsl(Buffer.from(ca.cert)) }),
})

const exporters: {
  readonly [P in Protocol]: (target: Target) => [SpanExporter, PushMetricExporter, LogRecordExporter]
} = {
  'http/json': (to) => [
    new TracesAsJson(httpOptions(to, 'traces')),
    new MetricsAsJson(httpOptions(to, 'metrics')),
    new LogsAsJson(httpOptions(to, 'logs')),
  ],
  'http/protobuf': (to) => [
    new TracesAsProtobuf(httpOptions(to, 'traces')),
    new MetricsAsProtobuf(httpOptions(to, 'metrics')),
    new LogsAsProtobuf(httpOptions(to, 'logs')),
  ],
  grpc: (to) => [
    new TracesOverGrpc(grpcOptions(to)),
    new MetricsOverGrpc(grpcOptions(to)),
    new LogsOverGrpc(grpcOptions(to)),
  ],
}

async function sendEverything([traces, metrics, logs]: [
  SpanExporter,
  PushMetricExporter,
  LogRecordExporter,
]): Promise<void> {
  const tracerProvider = new TracerProvider({
    resource,
    spanProcessors: [new BatchSpanProcessor({ exporter: traces })],
  })
  const tracer = tracerProvider.getTracer('test')
  for (const name of ['checkout', 'pay', 'ship']) {
    const span = tracer.startSpan(name, {
      attributes: { 'http.route': '/cart', amount: 12.5, retries: 3, express: true },
    })
    span.addEvent('packed', { box: 'L' })
    span.end()
  }
  await tracerProvider.shutdown()
  const reader = new PeriodicExportingMetricReader({ exporter: metrics, exportIntervalMillis: 3_600_000 })
  const meterProvider = new MeterProvider({ resource, readers: [reader] })
  const meter = meterProvider.getMeter('test')
  meter.createCounter('orders').add(7, { country: 'de' })
  const histogram = meter.createHistogram('duration', { unit: 'ms' })
  for (const value of [1, 20, 300]) histogram.record(value)
  await meterProvider.shutdown()
  const loggerProvider = new LoggerProvider({ resource, processors: [new BatchLogRecordProcessor({ exporter: logs })] })
  const logger = loggerProvider.getLogger('test')
  logger.emit({
    severityNumber: SeverityNumber.WARN,
    severityText: 'WARN',
    body: 'läuft über',
    attributes: { file: 'a.ts' },
  })
  logger.emit({ body: { nested: [1, 'two', null] } })
  await loggerProvider.shutdown()
}

function namesOf(batches: readonly Batch<'traces'>[]): unknown[] {
  const names: unknown[] = []
  for (const batch of batches)
    batch.visit({
      onSpan(span, _scope, resource) {
        const { attributes } = span
        names.push([
          span.name,
          resource.attributes.get('service.name'),
          attributes.get('http.route'),
          Number(attributes.get('amount')),
          Number(attributes.get('retries')),
          attributes.get('express'),
        ])
      },
    })
  return names
}

for (const protocol of ['http/json', 'http/protobuf', 'grpc'] as const)
  for (const isSecure of [false, true])
    for (const gzip of [false, true])
      test(`${protocol}${isSecure ? ' over TLS' : ''}${gzip ? ', gzipped' : ''}`, async (t) => {
        const settings = isSecure ? { tls: { cert_pem: pair.cert, key_pem: pair.key } } : {}
        const receiver = await startReceiver(t, protocol === 'grpc' ? { grpc: settings } : { http: settings })
        await sendEverything(exporters[protocol]({ url: receiver.url, gzip, ca: isSecure ? ca : undefined }))
        t.same(
          namesOf(receiver.sinks.traces.batches),
          ['checkout', 'pay', 'ship'].map((name) => [name, 'shop', '/cart', 12.5, 3, true]),
        )
        const metrics = new Map<string, number>()
        for (const batch of receiver.sinks.metrics.batches)
          batch.visit({ onMetric: (metric) => void metrics.set(metric.name, (metrics.get(metric.name) ?? 0) + 1) })
        t.ok(metrics.has('orders') && metrics.has('duration'))
        const bodies: unknown[] = []
        for (const batch of receiver.sinks.logs.batches)
          batch.visit({ onLog: (record) => void bodies.push(record.body) })
        t.equal(bodies.length, 2)
        t.equal(bodies[0], 'läuft über')
        t.equal(receiver.refused.size, 0)
        t.equal(receiver.host.admittedBytes, 0)
      })
