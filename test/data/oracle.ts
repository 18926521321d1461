// What the views must show, from what protobufjs has read: the shapes of `toObject`.
import type { AnyValue } from '../../src/data/value.ts'
import type { Plain } from './random.ts'

const list = (node: Plain, name: string): Plain[] => (node[name] ?? []) as Plain[]
const text = (node: Plain, name: string): string => String(node[name] ?? '')
const big = (node: Plain, name: string): bigint => BigInt(String(node[name] ?? 0))
const hex = (node: Plain, name: string): string => Buffer.from(text(node, name), 'base64').toString('hex')
const integer = (value: unknown): number | bigint => {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : BigInt(String(value))
}

/** Every resource, every scope, every metric, and every item, in wire order, as `toObject` gives them. */
export function expectedNodes(signal: 'traces' | 'logs' | 'metrics', message: Plain): unknown[] {
  const nodes: unknown[] = []
  const names = {
    traces: ['resourceSpans', 'scopeSpans', 'spans'],
    logs: ['resourceLogs', 'scopeLogs', 'logRecords'],
    metrics: ['resourceMetrics', 'scopeMetrics', 'metrics'],
  }[signal] as [string, string, string]
  for (const entry of list(message, names[0])) {
    nodes.push(expectedResource(entry))
    for (const scopeEntry of list(entry, names[1])) {
      nodes.push(expectedScope(scopeEntry))
      for (const item of list(scopeEntry, names[2])) {
        if (signal === 'traces') nodes.push(expectedSpan(item))
        else if (signal === 'logs') nodes.push(expectedLog(item))
        else nodes.push(...expectedMetric(item))
      }
    }
  }
  return nodes
}

const expectedResource = (entry: Plain) => {
  const resource = (entry.resource ?? {}) as Plain
  return {
    attributes: mapOf(resource, 'attributes'),
    droppedAttributesCount: resource.droppedAttributesCount ?? 0,
    schemaUrl: text(entry, 'schemaUrl'),
  }
}

const expectedScope = (entry: Plain) => {
  const scope = (entry.scope ?? {}) as Plain
  return {
    name: text(scope, 'name'),
    version: text(scope, 'version'),
    attributes: mapOf(scope, 'attributes'),
    droppedAttributesCount: scope.droppedAttributesCount ?? 0,
    schemaUrl: text(entry, 'schemaUrl'),
  }
}

const expectedSpan = (span: Plain) => {
  const status = (span.status ?? {}) as Plain
  return {
    traceId: hex(span, 'traceId'),
    spanId: hex(span, 'spanId'),
    parentSpanId: hex(span, 'parentSpanId'),
    traceState: text(span, 'traceState'),
    flags: span.flags,
    name: text(span, 'name'),
    kind: span.kind,
    startTimeUnixNano: big(span, 'startTimeUnixNano'),
    endTimeUnixNano: big(span, 'endTimeUnixNano'),
    status: { code: status.code ?? 0, message: text(status, 'message') },
    attributes: mapOf(span, 'attributes'),
    droppedAttributesCount: span.droppedAttributesCount,
    events: list(span, 'events').map((event) => ({
      timeUnixNano: big(event, 'timeUnixNano'),
      name: text(event, 'name'),
      attributes: mapOf(event, 'attributes'),
      droppedAttributesCount: event.droppedAttributesCount,
    })),
    droppedEventsCount: span.droppedEventsCount,
    links: list(span, 'links').map((link) => ({
      traceId: hex(link, 'traceId'),
      spanId: hex(link, 'spanId'),
      traceState: text(link, 'traceState'),
      attributes: mapOf(link, 'attributes'),
      droppedAttributesCount: link.droppedAttributesCount,
      flags: link.flags,
    })),
    droppedLinksCount: span.droppedLinksCount,
  }
}

const expectedLog = (log: Plain) => ({
  timeUnixNano: big(log, 'timeUnixNano'),
  observedTimeUnixNano: big(log, 'observedTimeUnixNano'),
  severityNumber: log.severityNumber,
  severityText: text(log, 'severityText'),
  eventName: text(log, 'eventName'),
  body: expectedValue((log.body ?? {}) as Plain),
  flags: log.flags,
  traceId: hex(log, 'traceId'),
  spanId: hex(log, 'spanId'),
  attributes: mapOf(log, 'attributes'),
  droppedAttributesCount: log.droppedAttributesCount,
})

const containers = ['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary']

function expectedMetric(metric: Plain): unknown[] {
  const type = containers.find((name) => metric[name])
  const data = (type === undefined ? {} : metric[type]) as Plain
  const temporality = ['unspecified', 'delta', 'cumulative'][Number(data.aggregationTemporality ?? 0)] ?? 'unspecified'
  const head = {
    name: text(metric, 'name'),
    description: text(metric, 'description'),
    unit: text(metric, 'unit'),
    type,
    temporality,
    isMonotonic: data.isMonotonic ?? false,
    metadata: mapOf(metric, 'metadata'),
  }
  return [head, ...list(data, 'dataPoints').map((point) => expectedPoint(type!, point))]
}

function expectedPoint(type: string, point: Plain): object {
  const common = {
    type,
    startTimeUnixNano: big(point, 'startTimeUnixNano'),
    timeUnixNano: big(point, 'timeUnixNano'),
    flags: point.flags,
    attributes: mapOf(point, 'attributes'),
  }
  const exemplars = list(point, 'exemplars').map((exemplar) => ({
    timeUnixNano: big(exemplar, 'timeUnixNano'),
    value: numberOf(exemplar),
    traceId: hex(exemplar, 'traceId'),
    spanId: hex(exemplar, 'spanId'),
    filteredAttributes: mapOf(exemplar, 'filteredAttributes'),
  }))
  const totals = { count: big(point, 'count'), sum: point.sum, min: point.min, max: point.max }
  const counts = (node: Plain): bigint[] => (node.bucketCounts as string[]).map(BigInt)
  const buckets = (name: string): object => {
    const side = point[name] as Plain | null
    return side ? { offset: side.offset, bucketCounts: counts(side) } : { offset: 0, bucketCounts: [] }
  }
  switch (type) {
    case 'histogram':
      return { ...common, ...totals, bucketCounts: counts(point), explicitBounds: point.explicitBounds, exemplars }
    case 'exponentialHistogram':
      return {
        ...common,
        ...totals,
        scale: point.scale,
        zeroCount: big(point, 'zeroCount'),
        zeroThreshold: point.zeroThreshold,
        positive: buckets('positive'),
        negative: buckets('negative'),
        exemplars,
      }
    case 'summary':
      return { ...common, count: totals.count, sum: totals.sum, quantileValues: point.quantileValues }
    default:
      return { ...common, value: numberOf(point), exemplars }
  }
}

const numberOf = (node: Plain): unknown => (node.asInt === undefined ? node.asDouble : integer(node.asInt))

/** Of a key given twice the first counts. */
function mapOf(node: Plain, name: string): Map<string, AnyValue> {
  const map = new Map<string, AnyValue>()
  for (const entry of list(node, name)) {
    const key = text(entry, 'key')
    if (!map.has(key)) map.set(key, expectedValue((entry.value ?? {}) as Plain))
  }
  return map
}

function expectedValue(value: Plain): AnyValue {
  if (value.stringValue !== undefined) return value.stringValue as string
  if (value.boolValue !== undefined) return value.boolValue as boolean
  if (value.intValue !== undefined) return integer(value.intValue)
  if (value.doubleValue !== undefined) return value.doubleValue as number
  if (value.bytesValue !== undefined) return new Uint8Array(Buffer.from(value.bytesValue as string, 'base64'))
  if (value.arrayValue) return list(value.arrayValue as Plain, 'values').map(expectedValue)
  if (!value.kvlistValue) return null
  const entries = list(value.kvlistValue as Plain, 'values')
  return new Map(entries.map((entry) => [text(entry, 'key'), expectedValue((entry.value ?? {}) as Plain)]))
}
