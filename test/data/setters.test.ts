// Every setter of every view, against the same change made on what protobufjs has read.
import assert from 'node:assert/strict'
import { test } from 'tap'
import { type Batch, decodeOtlp } from '../../src/data/batch.ts'
import type { DataPoint } from '../../src/data/datapoint.ts'
import { Id } from '../../src/data/id.ts'
import type { LogRecord } from '../../src/data/logrecord.ts'
import type { Metric } from '../../src/data/metric.ts'
import type { Resource, Scope } from '../../src/data/resource.ts'
import type { Signal } from '../../src/data/signal.ts'
import type { Span } from '../../src/data/span.ts'
import type { AnyVisitor, Context, Visitor } from '../../src/data/visitors.ts'
import { instantFromBigInt } from '../../src/wire/time.ts'
import { decoded, encoded, type Plain, ROUNDS, randomMessage, seeded } from './random.ts'

const context: Context = { abort: new AbortController().signal, metadata: new Map() }

/** How a view is changed, and a plain node likewise. */
type Change<View> = readonly [set: (view: View) => void, model: (node: Plain) => void]

const nanos = 1760000544157562123n
const time = instantFromBigInt(nanos)
const traceId = Id.fromHex('000102030405060708090A0B0C0D0E0F')
const spanId = Id.fromHex('f0f1f2f3f4f5f6f7')
const base64 = (id: Id): string => id.toBytes().toString('base64')
const set =
  (fields: Plain) =>
  (node: Plain): void =>
    void Object.assign(node, fields)

const spanChanges: readonly Change<Span>[] = [
  [(span) => (span.traceId = traceId), set({ traceId: base64(traceId) })],
  [(span) => (span.spanId = spanId), set({ spanId: base64(spanId) })],
  [(span) => (span.parentSpanId = spanId), set({ parentSpanId: base64(spanId) })],
  [(span) => (span.parentSpanId = Id.none), set({ parentSpanId: '' })],
  [(span) => (span.traceState = 'a=1'), set({ traceState: 'a=1' })],
  [(span) => (span.name = 'é'.repeat(100)), set({ name: 'é'.repeat(100) })],
  [(span) => (span.kind = 4), set({ kind: 4 })],
  [(span) => (span.flags = 0xffffffff), set({ flags: 0xffffffff })],
  [(span) => (span.start = time), set({ startTimeUnixNano: String(nanos) })],
  [(span) => (span.end = instantFromBigInt(2n ** 64n - 1n)), set({ endTimeUnixNano: String(2n ** 64n - 1n) })],
  [(span) => (span.droppedAttributesCount = 7), set({ droppedAttributesCount: 7 })],
  [(span) => (span.droppedEventsCount = 300), set({ droppedEventsCount: 300 })],
  [(span) => (span.droppedLinksCount = 4294967295), set({ droppedLinksCount: 4294967295 })],
  [(span) => span.setStatus(2, 'broken'), set({ status: { code: 2, message: 'broken' } })],
]

const logChanges: readonly Change<LogRecord>[] = [
  [(log) => (log.time = time), set({ timeUnixNano: String(nanos) })],
  [(log) => (log.observedTime = time), set({ observedTimeUnixNano: String(nanos) })],
  [(log) => (log.severityNumber = 17), set({ severityNumber: 17 })],
  [(log) => (log.severityText = 'ERROR'), set({ severityText: 'ERROR' })],
  [(log) => (log.eventName = 'e'), set({ eventName: 'e' })],
  [(log) => (log.flags = 1), set({ flags: 1 })],
  [(log) => (log.traceId = traceId), set({ traceId: base64(traceId) })],
  [(log) => (log.spanId = spanId), set({ spanId: base64(spanId) })],
  [(log) => (log.droppedAttributesCount = 7), set({ droppedAttributesCount: 7 })],
  [(log) => (log.body = [1, null]), set({ body: { arrayValue: { values: [{ intValue: '1' }, {}] } } })],
]

const containers = ['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary']
const dataOf = (metric: Plain): Plain | undefined =>
  containers.map((name) => metric[name] as Plain | undefined).find((data) => data)

const metricChanges: readonly Change<Metric>[] = [
  [(metric) => (metric.name = 'm'), set({ name: 'm' })],
  [(metric) => (metric.description = ''), set({ description: '' })],
  [(metric) => (metric.unit = 'By'), set({ unit: 'By' })],
  [
    (metric) => metric.metadata.set('new', true),
    (metric) => {
      metric.metadata = [...(metric.metadata as Plain[]), { key: 'new', value: { boolValue: true } }]
    },
  ],
  [
    (metric) => {
      if (metric.type?.endsWith('ogram') || metric.type === 'sum') metric.temporality = 'delta'
    },
    (metric) => {
      const data = dataOf(metric)
      if (data && 'aggregationTemporality' in data) data.aggregationTemporality = 1
    },
  ],
  [
    (metric) => {
      if (metric.type === 'sum') metric.isMonotonic = !metric.isMonotonic
    },
    ({ sum }) => {
      if (sum) set({ isMonotonic: !(sum as Plain).isMonotonic })(sum as Plain)
    },
  ],
]

const isNumber = (point: DataPoint): boolean => point.type === 'gauge' || point.type === 'sum'
const isNumberNode = (node: Plain): boolean => !('count' in node)

const pointChanges: Change<DataPoint>[] = [
  [(point) => (point.start = time), set({ startTimeUnixNano: String(nanos) })],
  [(point) => (point.time = time), set({ timeUnixNano: String(nanos) })],
  [(point) => (point.flags = 1), set({ flags: 1 })],
  [
    (point) => {
      if (isNumber(point)) point.value = 2.5
    },
    (node) => {
      if (!isNumberNode(node)) return
      delete node.asInt
      node.asDouble = 2.5
    },
  ],
  [
    (point) => {
      if (isNumber(point)) point.intValue = -(2n ** 63n)
    },
    (node) => {
      if (!isNumberNode(node)) return
      delete node.asDouble
      node.asInt = String(-(2n ** 63n))
    },
  ],
  [
    (point) => {
      if (isNumber(point)) point.value = 3
    },
    (node) => {
      if (!isNumberNode(node)) return
      if (node.asInt === undefined) node.asDouble = 3
      else node.asInt = '3'
    },
  ],
]

pointChanges.push([
  (point) => {
    if (isNumber(point)) point.doubleValue = 4
  },
  (node) => {
    if (!isNumberNode(node)) return
    delete node.asInt
    node.asDouble = 4
  },
])

const isHistogram = (node: Plain): boolean => 'explicitBounds' in node
const isExponential = (node: Plain): boolean => 'scale' in node
const huge = 2n ** 64n - 1n

const histogramChanges: readonly Change<DataPoint>[] = [
  [
    (point) => {
      if (!isNumber(point)) point.count = huge
    },
    (node) => {
      if (!isNumberNode(node)) node.count = String(huge)
    },
  ],
  [
    (point) => {
      if (!isNumber(point)) point.sum = -0.5
    },
    (node) => {
      if (!isNumberNode(node)) node.sum = -0.5
    },
  ],
  [
    (point) => {
      if (point.type.endsWith('ogram')) point.sum = point.min = point.max = undefined
    },
    (node) => {
      if (isHistogram(node) || isExponential(node)) for (const key of ['sum', 'min', 'max']) delete node[key]
    },
  ],
  [
    (point) => {
      if (point.type.endsWith('ogram')) Object.assign(point, { min: 1, max: 2 })
    },
    (node) => {
      if (isHistogram(node) || isExponential(node)) Object.assign(node, { min: 1, max: 2 })
    },
  ],
  [
    (point) => {
      if (point.type === 'histogram') Object.assign(point, { bucketCounts: [1, huge, 0], explicitBounds: [0.5, 1e300] })
    },
    (node) => {
      if (isHistogram(node))
        Object.assign(node, { bucketCounts: ['1', String(huge), '0'], explicitBounds: [0.5, 1e300] })
    },
  ],
  [
    (point) => {
      if (point.type !== 'exponentialHistogram') return
      point.zeroCount = 7
      point.zeroThreshold = 0.25
      point.setPositive(-3, [1, huge])
      point.setNegative(0, [])
    },
    (node) => {
      if (!isExponential(node)) return
      node.zeroCount = '7'
      node.zeroThreshold = 0.25
      node.positive = { offset: -3, bucketCounts: ['1', String(huge)] }
      node.negative = {}
    },
  ],
]

const resourceChanges: readonly Change<Resource>[] = [
  [(resource) => (resource.droppedAttributesCount = 9), set({ droppedAttributesCount: 9 })],
]
const scopeChanges: readonly Change<Scope>[] = [
  [(scope) => (scope.name = 's'), set({ name: 's' })],
  [(scope) => (scope.version = '1.2.3'), set({ version: '1.2.3' })],
  [(scope) => (scope.droppedAttributesCount = 9), set({ droppedAttributesCount: 9 })],
]

/** Walks the plain message as the visitor walks the batch. */
function eachNode(signal: Signal, level: string, message: Plain, change: (node: Plain) => void): void {
  const list = (node: Plain, name: string): Plain[] => (node[name] ?? []) as Plain[]
  const suffix = { traces: 'Spans', logs: 'Logs', metrics: 'Metrics' }[signal]
  const items = { traces: 'spans', logs: 'logRecords', metrics: 'metrics' }[signal]
  for (const entry of list(message, `resource${suffix}`)) {
    if (level === 'resource') change((entry.resource ??= { attributes: [] }) as Plain)
    for (const scope of list(entry, `scope${suffix}`)) {
      if (level === 'scope') change((scope.scope ??= { attributes: [] }) as Plain)
      for (const item of list(scope, items))
        if (level !== 'point') level === 'item' && change(item)
        else for (const point of list(dataOf(item) ?? {}, 'dataPoints')) change(point)
    }
  }
}

function check<View>(
  signal: Signal,
  level: string,
  hook: keyof AnyVisitor,
  changes: readonly Change<View>[],
): () => number {
  return () => {
    let cases = 0
    for (let seed = 1; seed <= ROUNDS / 5; seed++) {
      const random = seeded(seed)
      const bytes = randomMessage(signal, random)
      const batch: Batch = decodeOtlp(signal, bytes)
      for (const some of [...changes.map((change) => [change]), changes]) {
        const visitor = { [hook]: (view: View) => some.forEach(([change]) => void change(view)) }
        const rewritten = batch.rewrite([visitor as Visitor], context)
        const model = decoded(signal, bytes)
        eachNode(signal, level, model, (node) => some.forEach(([, change]) => void change(node)))
        const actual = decoded(signal, Buffer.concat(rewritten.chunks))
        assert.deepEqual(actual, decoded(signal, encoded(signal, model)), `seed ${seed}, ${some[0]![0]}`)
        decodeOtlp(signal, Buffer.concat(rewritten.chunks))
        cases++
      }
    }
    return cases
  }
}

for (const [name, run] of [
  ['span', check('traces', 'item', 'onSpan', spanChanges)],
  ['log record', check('logs', 'item', 'onLog', logChanges)],
  ['metric', check('metrics', 'item', 'onMetric', metricChanges)],
  ['data point', check('metrics', 'point', 'onPoint', pointChanges)],
  ['histogram', check('metrics', 'point', 'onPoint', histogramChanges)],
  ['resource', check('logs', 'resource', 'onResource', resourceChanges)],
  ['scope', check('metrics', 'scope', 'onScope', scopeChanges)],
] as const)
  test(`what is set on a ${name} is on the wire, and nothing else changes`, async (t) => {
    t.ok(run() > 0)
  })

test('what is set on a metric is seen by the hooks after it, and by what is retained', async (t) => {
  const message = { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ sum: { dataPoints: [{}, {}] } }] }] }] }
  let kept: Metric | undefined
  let points = 0
  const batch = decodeOtlp('metrics', encoded('metrics', message)).rewrite(
    [
      {
        onMetric(metric) {
          metric.name = 'renamed'
          metric.temporality = 'cumulative'
          metric.isMonotonic = true
          kept = metric.retain()
        },
      },
      {
        onPoint(_point, metric) {
          t.equal(metric.temporality, 'cumulative')
          t.equal(metric.isMonotonic, true)
          return points++ > 0
        },
      },
    ],
    context,
  )
  t.match(kept!.toObject(), { name: 'renamed', temporality: 'cumulative', isMonotonic: true })
  t.equal(batch.items, 1)
  batch.visit({
    onMetric(metric) {
      t.match(metric.toObject(), { name: 'renamed', temporality: 'cumulative', isMonotonic: true })
    },
  })
})

test('a visitor with writesParents sets the temporality from a point', async (t) => {
  const point = { asInt: '5' }
  const message = { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ sum: { dataPoints: [point, point] } }] }] }] }
  const batch = decodeOtlp('metrics', encoded('metrics', message)).rewrite(
    [
      {
        writesParents: true,
        onPoint(point, metric) {
          point.value = 6
          metric.temporality = 'delta'
        },
      },
    ],
    context,
  )
  const seen: unknown[] = []
  batch.visit({
    onPoint(point, metric) {
      seen.push([metric.temporality, point.intValue])
    },
  })
  t.strictSame(seen, [
    ['delta', 6],
    ['delta', 6],
  ])
})

test('what a type does not have cannot be set', async (t) => {
  const metrics = [{ gauge: { dataPoints: [{}] } }, { histogram: { dataPoints: [{}] } }, {}]
  const batch = decodeOtlp('metrics', encoded('metrics', { resourceMetrics: [{ scopeMetrics: [{ metrics }] }] }))
  const seen: (string | undefined)[] = []
  batch.rewrite(
    [
      {
        onMetric(metric) {
          seen.push(metric.type)
          t.throws(() => (metric.isMonotonic = true), TypeError)
          if (metric.type !== 'histogram') t.throws(() => (metric.temporality = 'delta'), TypeError)
          t.equal(metric.temporality, 'unspecified')
        },
        onPoint(point) {
          if (point.type === 'histogram') t.throws(() => (point.value = 1), /a point of a histogram has no value/)
          else t.throws(() => (point.count = 1), /a point of a gauge has no count/)
          if (point.type === 'histogram') t.throws(() => point.setPositive(0, []), /a histogram has no positive/)
          else t.throws(() => (point.min = 1), /has no min/)
          if (point.type === 'histogram') t.throws(() => (point.count = -1), /without a sign/)
          if (point.type === 'gauge') t.throws(() => (point.intValue = 2n ** 63n), /no whole number of 64 bits/)
        },
      },
    ],
    context,
  )
  t.strictSame(seen, ['gauge', 'histogram', undefined])
})

test('what is set on a histogram is seen at once, and kept by what is retained', async (t) => {
  const point = { count: '1', bucketCounts: ['1'], positive: { offset: 5, bucketCounts: ['9'] } }
  const metrics = [{ histogram: { dataPoints: [point] } }, { exponentialHistogram: { dataPoints: [point] } }]
  const kept: DataPoint[] = []
  decodeOtlp('metrics', encoded('metrics', { resourceMetrics: [{ scopeMetrics: [{ metrics }] }] })).rewrite(
    [
      {
        onPoint(view) {
          view.count = 3
          view.min = 0
          if (view.type === 'histogram') view.bucketCounts = [1, 2]
          else view.setPositive(-1, [3, 4])
          const { positive } = view
          view.attributes.set('a', 'b'.repeat(5000))
          t.same(
            view.type === 'histogram' ? view.bucketCounts : positive.bucketCounts,
            view.type === 'histogram' ? [1, 2] : [3, 4],
          )
          kept.push(view.retain())
        },
      },
    ],
    context,
  )
  const [histogram, exponential] = kept
  t.match(histogram!.toObject(), { count: 3n, min: 0, bucketCounts: [1n, 2n] })
  t.match(exponential!.toObject(), { count: 3n, positive: { offset: -1, bucketCounts: [3n, 4n] } })
})

test('a list that stands in several pieces is replaced as a whole', async (t) => {
  // HistogramDataPoint = { 4: count, 6: bucket_counts, packed or not }
  const count = (n: number): number[] => [n, 0, 0, 0, 0, 0, 0, 0]
  const packed = (...counts: number[]): number[] => [0x32, counts.length * 8, ...counts.flatMap(count)]
  const single = (n: number): number[] => [0x31, ...count(n)]
  const point = [...packed(1, 2), 0x21, ...count(6), ...single(3), ...packed()]
  const wrap = (tag: number, body: number[]): number[] => [tag, body.length, ...body]
  const bytes = wrap(0x0a, wrap(0x12, wrap(0x12, wrap(0x4a, wrap(0x0a, point)))))
  const batch = decodeOtlp('metrics', Uint8Array.from(bytes))
  const seen: number[][] = []
  const look = { onPoint: (view: DataPoint) => void seen.push(view.bucketCounts) }
  batch.visit(look)
  const set: Visitor<'metrics'> = {
    onPoint(view) {
      view.bucketCounts = [4, 5]
      seen.push(view.bucketCounts)
    },
  }
  const rewritten = batch.rewrite([set], context)
  rewritten.visit(look)
  t.same(seen, [
    [1, 2, 3],
    [4, 5],
    [4, 5],
  ])
  decodeOtlp('metrics', Buffer.concat(rewritten.chunks))
})

test('an id of the wrong size is refused before it is written', async (t) => {
  const batch = decodeOtlp('traces', encoded('traces', { resourceSpans: [{ scopeSpans: [{ spans: [{}] }] }] }))
  const same = batch.rewrite(
    [
      {
        onSpan(span) {
          t.throws(() => (span.traceId = spanId), /the id has 8 bytes, must have 16 or none/)
          t.throws(() => (span.spanId = traceId), RangeError)
        },
      },
    ],
    context,
  )
  t.equal(same, batch)
  t.throws(() => Id.fromHex('abc'), /an id is hexadecimal/)
  t.throws(() => Id.fromHex('zz'), RangeError)
})

test('a schema URL that is set is the only one of its entry, whatever else changes', async (t) => {
  let cases = 0
  for (let seed = 1; seed <= ROUNDS; seed++) {
    const random = seeded(seed)
    const bytes = randomMessage('traces', random)
    const [resourceUrl, scopeUrl] = [`https://r/${seed}`, ''] as const
    const rewritten = decodeOtlp('traces', bytes).rewrite(
      [
        {
          onResource(resource) {
            if (random(2) === 0) resource.attributes.set('new', seed)
            if (resource.droppedAttributesCount % 2 === 1) return
            resource.schemaUrl = 'https://before'
            resource.schemaUrl = resourceUrl
            t.equal(resource.retain().schemaUrl, resourceUrl)
          },
          onScope(scope) {
            if (scope.droppedAttributesCount % 2 === 0) scope.schemaUrl = scopeUrl
          },
        },
        { onSpan: (span, scope, resource) => void (span.name = `${resource.schemaUrl} ${scope.schemaUrl}`) },
      ],
      context,
    )
    const model = decoded('traces', bytes)
    for (const entry of (model.resourceSpans ?? []) as Plain[]) {
      if (isEven(entry.resource)) entry.schemaUrl = resourceUrl
      for (const scope of (entry.scopeSpans ?? []) as Plain[]) {
        if (isEven(scope.scope)) scope.schemaUrl = scopeUrl
        for (const span of (scope.spans ?? []) as Plain[]) {
          span.name = `${entry.schemaUrl ?? ''} ${scope.schemaUrl ?? ''}`
          cases++
        }
      }
    }
    const actual = decoded('traces', Buffer.concat(rewritten.chunks))
    for (const entry of (actual.resourceSpans ?? []) as Plain[]) {
      const { attributes } = (entry.resource ?? {}) as { attributes?: Plain[] }
      if (attributes?.at(-1)?.key === 'new') attributes.pop()
    }
    assert.deepEqual(withResources(actual), withResources(decoded('traces', encoded('traces', model))), `seed ${seed}`)
    decodeOtlp('traces', Buffer.concat(rewritten.chunks))
  }
  t.ok(cases > 0)
})

const isEven = (node: unknown): boolean => Number((node as Plain | undefined)?.droppedAttributesCount ?? 0) % 2 === 0

/** An empty resource is as good as none. */
const withResources = ({ resourceSpans = [], ...rest }: Plain): Plain => ({
  ...rest,
  resourceSpans: (resourceSpans as Plain[]).map(({ resource, ...entry }) => ({
    ...entry,
    resource: { attributes: [], ...(resource as Plain | undefined) },
  })),
})
