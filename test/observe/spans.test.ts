import { type Test, test } from 'tap'
import * as v from 'valibot'
import { telemetrySettings } from '../../src/config/index.ts'
import { decodeOtlp, type SpanObject } from '../../src/data/index.ts'
import { startSpans } from '../../src/observe/spans.ts'
import { testSettings } from '../../src/testing/index.ts'
import { otlpDestination, type Posted } from '../kit/otlp-destination.ts'

const resource = { attributes: { 'service.name': 'sluice' }, schemaUrl: undefined }

async function spansTo(t: Test, of: object = {}, protocol = 'http/protobuf') {
  const { endpoint, received } = await otlpDestination(t)
  const processors = [{ batch: { exporter: { otlp: { endpoint, protocol } } } }]
  const { traces } = v.parse(telemetrySettings, { traces: { processors, ...of } })
  const spans = await startSpans(traces, { resource, log: testSettings().log })
  return { spans: spans!, received }
}

function spansIn(received: readonly Posted[]): SpanObject[] {
  const spans: SpanObject[] = []
  for (const { body } of received)
    decodeOtlp('traces', body).visit({ onSpan: (span) => void spans.push(span.toObject()) })
  return spans
}

test('spans arrive as OTLP, with what was known in the end', async (t) => {
  for (const protocol of ['http/protobuf', 'http/json']) {
    const { spans, received } = await spansTo(t, {}, protocol)
    const end = spans.begin('exporter/otlp/traces', { kind: 'client', attributes: { exporter: 'otlp' } })
    end({ 'items.sent': 3 })
    spans.begin('receiver/otlp/logs', { kind: 'server', attributes: {} })({}, 'queue is full')
    await spans.stop()
    t.equal(received.length, 1)
    t.equal(received[0]!.path, '/v1/traces')
    if (protocol === 'http/json') {
      t.match(received[0]!.body.toString(), /"exporter\/otlp\/traces"/)
      continue
    }
    const [sent, failed] = spansIn(received)
    t.match(sent, { name: 'exporter/otlp/traces', kind: 3, status: { code: 0 } })
    t.same(Object.fromEntries(sent!.attributes), { exporter: 'otlp', 'items.sent': 3 })
    t.match(failed, { name: 'receiver/otlp/logs', kind: 2, status: { code: 2, message: 'queue is full' } })
  }
})

test('without processors, or at level none, there are no spans to begin', async (t) => {
  const log = testSettings().log
  for (const traces of [{}, { level: 'none', processors: [{ simple: { exporter: { console: {} } } }] }]) {
    const settings = v.parse(telemetrySettings, { traces })
    t.equal(await startSpans(settings.traces, { resource, log }), undefined)
  }
})

test('a request’s own trace goes on, where a propagator says how', async (t) => {
  const { spans, received } = await spansTo(t, { propagators: ['tracecontext'] })
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const metadata = new Map([['traceparent', [traceparent]]])
  spans.begin('receiver/otlp/logs', { kind: 'server', attributes: {}, metadata })({})
  await spans.stop()
  t.match(spansIn(received), [{ traceId: '0af7651916cd43dd8448eb211c80319c', parentSpanId: 'b7ad6b7169203331' }])
})

test('samplers decide which spans are sent', async (t) => {
  const metadata = (flags: string) =>
    new Map([['traceparent', [`00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-${flags}`]]])
  const cases: [object, string | undefined, number][] = [
    [{ always_on: {} }, undefined, 1],
    [{ always_off: {} }, undefined, 0],
    [{ trace_id_ratio_based: { ratio: 0 } }, undefined, 0],
    [{ trace_id_ratio_based: { ratio: 1 } }, undefined, 1],
    [{ parent_based: {} }, undefined, 1],
    [{ parent_based: { root: { always_off: {} } } }, undefined, 0],
    [{ parent_based: { root: { always_off: {} } } }, '01', 1],
    [{ parent_based: {} }, '00', 0],
    [{ parent_based: { remote_parent_not_sampled: { always_on: {} } } }, '00', 1],
    [{ parent_based: { remote_parent_sampled: { always_off: {} } } }, '01', 0],
  ]
  for (const [sampler, flags, expected] of cases) {
    const { spans, received } = await spansTo(t, { sampler, propagators: ['tracecontext'] })
    const parent = flags === undefined ? {} : { metadata: metadata(flags) }
    spans.begin('x', { kind: 'server', attributes: {}, ...parent })({})
    await spans.stop()
    t.equal(spansIn(received).length, expected, JSON.stringify(sampler))
  }
})

test('limits cut what is too much', async (t) => {
  const limits = { attribute_count_limit: 1, attribute_value_length_limit: 2 }
  const { spans, received } = await spansTo(t, { limits })
  spans.begin('x', { kind: 'server', attributes: { first: 'long', second: 'gone' } })({})
  await spans.stop()
  t.same(Object.fromEntries(spansIn(received)[0]!.attributes), { first: 'lo' })
})

test('spans over gRPC are refused with what to use instead', async (t) => {
  await t.rejects(spansTo(t, {}, 'grpc'), { message: /^own telemetry .*http\/protobuf/ })
})
