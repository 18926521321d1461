import assert from 'node:assert/strict'
import { test } from 'tap'
import { type Batch, decodeOtlp } from '../../src/data/batch.ts'
import { Builder } from '../../src/data/builder.ts'
import type { Exemplar } from '../../src/data/exemplar.ts'
import { Id } from '../../src/data/id.ts'
import type { LogRecordObject } from '../../src/data/logrecord.ts'
import type { LogWriter } from '../../src/data/logwriter.ts'
import type { MetricObject } from '../../src/data/metric.ts'
import type { MetricWriter, Points } from '../../src/data/metricwriter.ts'
import type { DataPointObject } from '../../src/data/pointobject.ts'
import type { PointWriter } from '../../src/data/pointwriter.ts'
import type { ResourceObject, ScopeObject } from '../../src/data/resource.ts'
import type { Signal } from '../../src/data/signal.ts'
import type { SpanObject } from '../../src/data/span.ts'
import type { SpanWriter } from '../../src/data/spanwriter.ts'
import { type AnyValue, double } from '../../src/data/value.ts'
import type { AnyVisitor, Visitor } from '../../src/data/visitors.ts'
import { instantFromBigInt, instantFromMillis } from '../../src/wire/time.ts'
import { ROUNDS, randomMessage, seeded, signals } from './random.ts'

/** The visit of a batch as a list of calls. */
function nodesOf(batch: Batch): { level: keyof AnyVisitor; object: object }[] {
  const nodes: { level: keyof AnyVisitor; object: object }[] = []
  const visitor: AnyVisitor = {}
  for (const level of ['onResource', 'onScope', 'onMetric', 'onSpan', 'onLog', 'onPoint'] as const)
    visitor[level] = (node: { toObject(): object }) => void nodes.push({ level, object: node.toObject() })
  batch.visit(visitor as Visitor)
  return nodes
}

/** Doubles that are whole stay doubles. */
function attributesOf(map: ReadonlyMap<string, AnyValue>): [string, AnyValue | ReturnType<typeof double>][] {
  return [...map].map(([key, value]) => [
    key,
    typeof value === 'number' && !Number.isInteger(value) ? double(value) : value,
  ])
}
const time = instantFromBigInt
const isInteger = (value: number | bigint | undefined): value is bigint =>
  typeof value === 'bigint' || (Number.isSafeInteger(value) && !Object.is(value, -0))

function writeSpan(span: SpanWriter, from: SpanObject): void {
  span.traceId(Id.fromHex(from.traceId))
  span.spanId(Id.fromHex(from.spanId))
  span.parentSpanId(Id.fromHex(from.parentSpanId))
  span.traceState(from.traceState)
  span.flags(from.flags)
  span.name(from.name)
  span.kind(from.kind)
  span.start(time(from.startTimeUnixNano))
  span.end(time(from.endTimeUnixNano))
  span.status(from.status.code, from.status.message)
  span.attributes(new Map(attributesOf(from.attributes)))
  span.droppedAttributesCount(from.droppedAttributesCount)
  span.droppedEventsCount(from.droppedEventsCount)
  span.droppedLinksCount(from.droppedLinksCount)
  for (const event of from.events)
    span.event((writer) => {
      writer.time(time(event.timeUnixNano))
      writer.name(event.name)
      writer.attributes(event.attributes)
      writer.droppedAttributesCount(event.droppedAttributesCount)
    })
  for (const link of from.links)
    span.link((writer) => {
      writer.traceId(Id.fromHex(link.traceId))
      writer.spanId(Id.fromHex(link.spanId))
      writer.traceState(link.traceState)
      writer.attributes(link.attributes)
      writer.droppedAttributesCount(link.droppedAttributesCount)
      writer.flags(link.flags)
    })
}

function writeLog(log: LogWriter, from: LogRecordObject): void {
  log.time(time(from.timeUnixNano))
  log.observedTime(time(from.observedTimeUnixNano))
  log.severityNumber(from.severityNumber)
  log.severityText(from.severityText)
  log.eventName(from.eventName)
  log.body(from.body)
  for (const [key, value] of from.attributes) log.attribute(key, value)
  log.droppedAttributesCount(from.droppedAttributesCount)
  log.flags(from.flags)
  log.traceId(Id.fromHex(from.traceId))
  log.spanId(Id.fromHex(from.spanId))
}

function writeMetric(metric: MetricWriter, from: MetricObject, points: readonly DataPointObject[]): void {
  metric.name(from.name)
  metric.description(from.description)
  metric.unit(from.unit)
  for (const [key, value] of from.metadata) metric.metadata(key, value)
  const write = (into: unknown): void => {
    for (const point of points) (into as Points<PointWriter>).add((writer) => writePoint(writer, point))
  }
  if (from.type === 'gauge') metric.gauge(write)
  if (from.type === 'sum') metric.sum(from.temporality, from.isMonotonic, write)
  if (from.type === 'histogram') metric.histogram(from.temporality, write)
  if (from.type === 'exponentialHistogram') metric.exponentialHistogram(from.temporality, write)
  if (from.type === 'summary') metric.summary(write)
}

function writePoint(point: PointWriter, from: DataPointObject): void {
  point.start(time(from.startTimeUnixNano))
  point.time(time(from.timeUnixNano))
  point.flags(from.flags)
  for (const [key, value] of from.attributes) point.attribute(key, value)
  if ('value' in from && from.value !== undefined)
    if (isInteger(from.value)) point.intValue(from.value)
    else point.value(from.value)
  if ('count' in from) point.count(from.count)
  if ('sum' in from && from.sum !== undefined) point.sum(from.sum)
  if ('min' in from && from.min !== undefined) point.min(from.min)
  if ('max' in from && from.max !== undefined) point.max(from.max)
  if (from.type === 'histogram') {
    point.bucketCounts(from.bucketCounts)
    point.explicitBounds(from.explicitBounds)
  }
  if (from.type === 'exponentialHistogram') {
    point.scale(from.scale)
    point.zeroCount(from.zeroCount)
    point.zeroThreshold(from.zeroThreshold)
    point.positive(from.positive.offset, from.positive.bucketCounts)
    point.negative(from.negative.offset, from.negative.bucketCounts)
  }
  if (from.type === 'summary')
    for (const { quantile, value } of from.quantileValues) point.quantileValue(quantile, value)
  if ('exemplars' in from)
    for (const exemplar of from.exemplars)
      point.exemplar((writer) => {
        writer.time(time(exemplar.timeUnixNano))
        if (isInteger(exemplar.value)) writer.intValue(exemplar.value)
        else if (exemplar.value !== undefined) writer.value(exemplar.value)
        writer.traceId(Id.fromHex(exemplar.traceId))
        writer.spanId(Id.fromHex(exemplar.spanId))
        for (const [key, value] of exemplar.filteredAttributes) writer.filteredAttribute(key, value)
      })
}

/** The same telemetry again, from its objects. */
function rebuilt(batch: Batch): Batch {
  const builder = new Builder(batch.signal)
  const traces = builder as Builder<'traces'>
  const logs = builder as Builder<'logs'>
  const metrics = builder as Builder<'metrics'>
  const nodes = nodesOf(batch)
  nodes.forEach(({ level, object }, i) => {
    if (level === 'onResource')
      builder.resource((resource) => {
        resource.attributes((object as ResourceObject).attributes)
        resource.schemaUrl((object as ResourceObject).schemaUrl)
      })
    if (level === 'onScope')
      builder.scope((scope) => {
        const { name, version, attributes, schemaUrl } = object as ScopeObject
        scope.name(name)
        scope.version(version)
        scope.schemaUrl(schemaUrl)
        for (const [key, value] of attributes) scope.attribute(key, value)
      })
    if (level === 'onSpan') traces.add((span) => writeSpan(span, object as SpanObject))
    if (level === 'onLog') logs.add((log) => writeLog(log, object as LogRecordObject))
    if (level === 'onMetric') {
      const end = nodes.findIndex((node, j) => j > i && node.level !== 'onPoint')
      const points = nodes.slice(i + 1, end < 0 ? undefined : end).map((node) => node.object as DataPointObject)
      metrics.add((metric) => writeMetric(metric, object as MetricObject, points))
    }
  })
  return builder.build()
}

/** What a builder cannot write, since it drops nothing. */
function withoutDropped(nodes: ReturnType<typeof nodesOf>): unknown[] {
  return nodes.map(({ level, object }) =>
    level === 'onResource' || level === 'onScope' ? { ...object, droppedAttributesCount: 0 } : object,
  )
}

for (const signal of signals)
  test(`${signal}: telemetry rebuilt from its objects is the same, and passes the gate`, async (t) => {
    let cases = 0
    for (let seed = 1; seed <= ROUNDS; seed++) {
      const batch: Batch = decodeOtlp(signal, randomMessage(signal, seeded(seed)))
      const again = rebuilt(batch)
      assert.equal(again.items, batch.items, `seed ${seed}`)
      if (again.items > 0) assert.equal(decodeOtlp(signal, Buffer.from(again.chunks[0]!)).items, again.items)
      assert.deepEqual(withoutDropped(nodesOf(again)), withoutDropped(nodesOf(batch)), `seed ${seed}`)
      cases += again.items
    }
    t.ok(cases > 0)
  })

for (const signal of ['traces', 'logs'] as const)
  test(`${signal}: copied views are the same elsewhere, with the edits that wait`, async (t) => {
    let cases = 0
    for (let seed = 1; seed <= ROUNDS / 5; seed++) {
      const batch: Batch<Signal> = decodeOtlp(signal, randomMessage(signal, seeded(seed)))
      const builder = new Builder<'traces' | 'logs'>(signal)
      const visitor: AnyVisitor = {
        onResource(resource) {
          resource.attributes.set('copied', true)
          builder.resource(resource)
        },
        onScope: (scope) => builder.scope(scope),
        onSpan(span) {
          span.name = 'copied'
          ;(builder as Builder<'traces'>).add(span)
        },
        onLog(log) {
          log.body = 'copied'
          ;(builder as Builder<'logs'>).add(log)
        },
      }
      const edited = batch.rewrite([visitor as Visitor], { abort: new AbortController().signal, metadata: new Map() })
      const copied = builder.build()
      assert.deepEqual(nodesOf(copied), nodesOf(edited), `seed ${seed}`)
      cases += copied.items
    }
    t.ok(cases > 0)
  })

test('points, exemplars, events and links can be passed on', async (t) => {
  const from = new Builder('metrics')
  from.resource(() => {})
  from.add((metric) => {
    metric.name('m')
    metric.gauge((points) =>
      points.add((point) => {
        point.intValue(5)
        point.exemplar((exemplar) => exemplar.value(1.5))
      }),
    )
  })
  const kept: Exemplar[] = []
  const to = new Builder('metrics')
  to.resource((resource) => resource.attribute('moved', true))
  from.build().visit({
    onPoint(point, metric) {
      point.eachExemplar((exemplar) => kept.push(exemplar.retain()))
      to.add((writer) => {
        writer.like(metric)
        writer.sum('delta', true, (points) => {
          points.add(point)
          points.add((other) => other.exemplar(kept[0]!))
          t.throws(() => to.add((inner) => inner.summary((wrong) => wrong.add(point))), /does not fit a summary/)
        })
      })
    },
  })
  const objects = nodesOf(to.build()).map((node) => node.object)
  t.match(objects[2], { name: 'm', type: 'sum', temporality: 'delta', isMonotonic: true })
  t.match(objects[3], { value: 5, exemplars: [{ value: 1.5 }] })
  t.match(objects[4], { value: undefined, exemplars: [{ value: 1.5 }] })

  const spans = new Builder('traces')
  spans.resource(() => {})
  spans.add((span) => {
    span.event((event) => event.name('e'))
    span.link((link) => link.traceState('a=1'))
  })
  const copies = new Builder('traces')
  copies.resource(() => {})
  spans.build().visit({
    onSpan(span) {
      copies.add((writer) => {
        span.eachEvent((event) => writer.event(event))
        span.eachLink((link) => writer.link(link))
      })
    },
  })
  t.match(nodesOf(copies.build()).at(-1)!.object, { events: [{ name: 'e' }], links: [{ traceState: 'a=1' }] })
})

test('a span takes a few lines', async (t) => {
  const builder = new Builder('traces')
  builder.resource((resource) => resource.attributes({ 'service.name': 'shop' }))
  builder.scope((scope) => scope.name('checkout'))
  builder.add((span) => {
    span.name('pay')
    span.start(instantFromMillis(1.5))
    span.attribute('amount', double(5))
  })
  t.equal(builder.items, 1)
  t.ok(builder.sizeBytes > 0)
  const batch = builder.build()
  t.equal(builder.items, 0)
  t.equal(builder.build().items, 0)
  batch.visit({
    onSpan(span, scope, resource) {
      t.equal(resource.attributes.get('service.name'), 'shop')
      t.equal(scope.name, 'checkout')
      t.match(span.toObject(), { name: 'pay', startTimeUnixNano: 1_500_000n, attributes: new Map([['amount', 5]]) })
    },
  })
})

test('an add that throws leaves nothing behind, and the next one works', async (t) => {
  const builder = new Builder('metrics')
  t.throws(() => builder.add(() => {}), /needs a resource first/)
  builder.resource(() => {})
  t.throws(
    () =>
      builder.add((metric) => {
        metric.name('broken')
        metric.summary((points) => points.add((point) => (point as unknown as PointWriter).value(1)))
      }),
    /a point of a summary has no value/,
  )
  builder.add((metric) => {
    metric.name('whole')
    metric.gauge((points) => {
      t.throws(() => points.add((point) => point.intValue(2n ** 63n)), RangeError)
      points.add((point) => point.intValue(-(2n ** 63n)))
    })
  })
  const batch = builder.build()
  t.equal(batch.items, 1)
  t.equal(decodeOtlp('metrics', Buffer.from(batch.chunks[0]!)).items, 1)
  const seen: string[] = []
  batch.visit({
    onMetric(metric) {
      seen.push(metric.name)
    },
  })
  t.strictSame(seen, ['whole'])
})

test('what does not fit its field is refused', async (t) => {
  const builder = new Builder('traces')
  builder.resource(() => {})
  builder.add((span) => {
    t.throws(() => span.traceId(Id.fromHex('0102')), /the id has 2 bytes, must have 16 or none/)
    t.throws(() => span.attribute('k', 2n ** 63n), /no whole number of 64 bits/)
    let nested: AnyValue = 'leaf'
    for (let i = 0; i < 40; i++) nested = [nested]
    t.throws(() => span.event((event) => event.attribute('k', nested)), /nests deeper than 32/)
  })
  t.equal(builder.items, 1)
})
