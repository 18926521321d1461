// Every field, a line each.
import type { Signal } from '../../data/index.ts'
import { metricLines } from './metriclines.ts'
import { timeOf } from './numbers.ts'
import { type KeyValues, type LogRecordJson, type ResourceJson, type SpanJson, typedTextOf } from './otlp.ts'
import type { Format } from './walk.ts'

const titles: Readonly<Record<Signal, readonly [resource: string, scope: string]>> = {
  traces: ['ResourceSpans', 'ScopeSpans'],
  metrics: ['ResourceMetrics', 'ScopeMetrics'],
  logs: ['ResourceLog', 'ScopeLogs'],
}

export const detailed: Format = {
  resource: (signal, i, resource = {}, schemaUrl) => [
    `${titles[signal][0]} #${i}`,
    `Resource SchemaURL: ${schemaUrl}`,
    ...attributeLines('Resource attributes', resource.attributes),
    ...entityLines(resource),
  ],
  scope: (signal, i, { name = '', version = '', attributes } = {}, schemaUrl) => [
    `${titles[signal][1]} #${i}`,
    `${titles[signal][1]} SchemaURL: ${schemaUrl}`,
    `InstrumentationScope ${name} ${version}`,
    ...attributeLines('InstrumentationScope attributes', attributes),
  ],
  span: spanLines,
  logRecord: logLines,
  metric: metricLines,
}

/** Nothing when there are none. What is inside an arrow is indented as far as the arrow. */
export function attributeLines(title: string, attributes: KeyValues = []): string[] {
  if (attributes.length === 0) return []
  const indent = title.includes('->') ? title.slice(0, title.indexOf('->')) : ''
  return [`${title}:`, ...attributes.map(({ key = '', value }) => `${indent}     -> ${key}: ${typedTextOf(value)}`)]
}

function entityLines({ entityRefs = [] }: ResourceJson): string[] {
  if (entityRefs.length === 0) return []
  const keys = (title: string, list: readonly string[] = []): string[] =>
    list.length === 0 ? [] : [`          -> ${title}:`, ...list.map((key) => `               -> ${key}`)]
  return [
    'Resource entity refs:',
    ...entityRefs.flatMap(({ type = '', schemaUrl, idKeys, descriptionKeys }, i) => [
      `     -> Entity ref #${i}:`,
      `          -> Type: ${type}`,
      ...(schemaUrl ? [`          -> Schema URL: ${schemaUrl}`] : []),
      ...keys('ID keys', idKeys),
      ...keys('Description keys', descriptionKeys),
    ]),
  ]
}

const KINDS = ['Unspecified', 'Internal', 'Server', 'Client', 'Producer', 'Consumer']
const STATUSES = ['Unset', 'Ok', 'Error']
const field = (name: string, value: string | number): string => `    ${name.padEnd(15)}: ${value}`

function spanLines(i: number, span: SpanJson): string[] {
  const { events = [], links = [], status = {}, traceState } = span
  return [
    `Span #${i}`,
    field('Trace ID', span.traceId ?? ''),
    field('Parent ID', span.parentSpanId ?? ''),
    field('ID', span.spanId ?? ''),
    field('Name', span.name ?? ''),
    field('Kind', KINDS[span.kind ?? 0] ?? ''),
    ...(traceState ? [field('TraceState', traceState)] : []),
    field('Start time', timeOf(span.startTimeUnixNano)),
    field('End time', timeOf(span.endTimeUnixNano)),
    field('Status code', STATUSES[status.code ?? 0] ?? ''),
    field('Status message', status.message ?? ''),
    field('DroppedAttributesCount', span.droppedAttributesCount ?? 0),
    field('DroppedEventsCount', span.droppedEventsCount ?? 0),
    field('DroppedLinksCount', span.droppedLinksCount ?? 0),
    ...attributeLines('Attributes', span.attributes),
    ...(events.length === 0 ? [] : ['Events:']),
    ...events.flatMap(({ name = '', timeUnixNano, droppedAttributesCount = 0, attributes }, position) => [
      `SpanEvent #${position}`,
      `     -> Name: ${name}`,
      `     -> Timestamp: ${timeOf(timeUnixNano)}`,
      `     -> DroppedAttributesCount: ${droppedAttributesCount}`,
      ...attributeLines('     -> Attributes:', attributes),
    ]),
    ...(links.length === 0 ? [] : ['Links:']),
    ...links.flatMap((link, position) => [
      `SpanLink #${position}`,
      `     -> Trace ID: ${link.traceId ?? ''}`,
      `     -> ID: ${link.spanId ?? ''}`,
      `     -> TraceState: ${link.traceState ?? ''}`,
      `     -> DroppedAttributesCount: ${link.droppedAttributesCount ?? 0}`,
      ...attributeLines('     -> Attributes:', link.attributes),
    ]),
  ]
}

const SEVERITIES = ['Trace', 'Debug', 'Info', 'Warn', 'Error', 'Fatal']

function severityOf(number: number): string {
  if (number === 0) return 'Unspecified'
  const name = SEVERITIES[Math.floor((number - 1) / 4)]
  const step = (number - 1) % 4
  return name === undefined ? '' : name + (step === 0 ? '' : step + 1)
}

function logLines(i: number, record: LogRecordJson): string[] {
  const severity = record.severityNumber ?? 0
  return [
    `LogRecord #${i}`,
    `ObservedTimestamp: ${timeOf(record.observedTimeUnixNano)}`,
    `Timestamp: ${timeOf(record.timeUnixNano)}`,
    `SeverityText: ${record.severityText ?? ''}`,
    `SeverityNumber: ${severityOf(severity)}(${severity})`,
    ...(record.eventName ? [`EventName: ${record.eventName}`] : []),
    `Body: ${typedTextOf(record.body)}`,
    ...attributeLines('Attributes', record.attributes),
    `Trace ID: ${record.traceId ?? ''}`,
    `Span ID: ${record.spanId ?? ''}`,
    `Flags: ${record.flags ?? 0}`,
  ]
}
