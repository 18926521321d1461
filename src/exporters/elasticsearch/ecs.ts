// The mode `ecs`: documents in the Elastic Common Schema. https://www.elastic.co/docs/reference/ecs
import {
  type Attributes,
  type Instant,
  instantFromMillis,
  type LogRecord,
  type Resource,
  type Span,
} from '../../data/index.ts'
import { kindOf, STRING } from '../../data/raw.ts'
import { FlatDocument, FROM } from '../../search/flat.ts'
import { type FlatKey, flatKeyOf, KeyTable } from '../../search/flat-key.ts'
import { freeName } from '../../search/reserved.ts'
import { JsonWriter } from '../../wire/json.ts'
import type { Documents, PointDocuments, SpanDocuments } from './documents.ts'
import { agentNameOf, osTypeOf, RECORD_NAMES, RESOURCE_NAMES, spanNames } from './ecs-names.ts'
import { HINT_NAMES } from './hints.ts'
import type { DataStream } from './route.ts'

type Now = { readonly now: () => number }

export function createEcsLogs({ now }: Now): Documents<LogRecord> {
  const document = new EcsDocument()
  return {
    resource: (resource) => document.resource(resource),
    scope: ({ attributes }) => document.scope(attributes),
    write(json, record, stream) {
      const { time, observedTime, traceId, spanId, attributes } = record
      const { fields } = document
      document.begin(stream)
      const seen = observedTime.isZero ? instantFromMillis(now()) : observedTime
      fields.add(KEY.time, time.isZero ? seen : time)
      fields.addId(KEY.traceId, traceId)
      fields.addId(KEY.spanId, spanId)
      if (record.severityNumber !== 0) fields.add(KEY.severity, record.severityNumber)
      fields.addText(KEY.level, record.severityText)
      fields.addText(KEY.action, record.eventName)
      record.rawBody((bytes, at, end) => {
        if (kindOf(bytes, at, end) === STRING) fields.addValue(KEY.message, FROM.OURS, bytes, at, end)
        else fields.addValue(KEY.body, FROM.ITEM, bytes, at, end)
      })
      fields.addAttributes(attributes, FROM.ITEM, NAMES.record)
      fields.write(json, true)
      return undefined
    },
  }
}

export function createEcsSpans(): SpanDocuments {
  const document = new EcsDocument()
  return {
    resource: (resource) => document.resource(resource),
    scope: ({ attributes }) => document.scope(attributes),
    write(json, span, stream) {
      const { fields } = document
      document.begin(stream)
      fields.add(KEY.time, span.start)
      fields.addId(KEY.traceId, span.traceId)
      fields.addId(KEY.spanId, span.spanId)
      fields.addId(KEY.parentId, span.parentSpanId)
      fields.addText(KEY.spanName, span.name)
      fields.add(KEY.spanKind, KINDS[span.kind] ?? KINDS[0]!)
      if (span.statusCode !== 0) fields.add(KEY.outcome, span.statusCode === 2 ? 'failure' : 'success')
      if (span.hasLinks) addLinks(fields, span)
      const isTransaction = span.attributes.equals('processor.event', 'transaction')
      fields.addAttributes(span.attributes, FROM.ITEM, isTransaction ? NAMES.transaction : NAMES.span)
      fields.write(json, true)
      return undefined
    },
  }
}

interface EcsHead {
  readonly time: Instant
  readonly attributes: readonly { readonly key: FlatKey; readonly json: Buffer }[]
}

export function createEcsPoints({ now }: Now): PointDocuments<EcsHead> {
  const document = new EcsDocument()
  return {
    resource: (resource) => document.resource(resource),
    scope: ({ attributes }) => document.scope(attributes),
    groupKey: () => '',
    head({ time, attributes }) {
      const moment = time.isZero ? instantFromMillis(now()) : time
      return { time: moment, attributes: copied(attributes) }
    },
    write(json, { time, attributes }, { stream, names, values, docCount }) {
      const { fields } = document
      document.begin(stream)
      fields.add(KEY.time, time)
      if (docCount > 0) fields.add(KEY.docCount, docCount)
      for (const [i, name] of names.entries()) {
        const value = values[i]!
        fields.add(NAMES.metric.of(name)[0]!, (to) => to.json(value), FROM.ITEM)
      }
      for (const { key, json } of attributes) fields.add(key, (to) => to.json(json), FROM.ITEM)
      fields.write(json, true)
    },
  }
}

const keysFor = <const N extends string>(names: Readonly<Record<N, string>>): Readonly<Record<N, FlatKey>> => {
  const keys: Partial<Record<N, FlatKey>> = {}
  for (const name in names) keys[name] = flatKeyOf(names[name])
  return keys as Record<N, FlatKey>
}

const OURS = {
  time: '@timestamp',
  traceId: 'trace.id',
  spanId: 'span.id',
  parentId: 'parent.id',
  spanName: 'span.name',
  spanKind: 'span.kind',
  links: 'span.links',
  outcome: 'event.outcome',
  severity: 'event.severity',
  level: 'log.level',
  message: 'message',
  agentName: 'agent.name',
  agentVersion: 'agent.version',
  osType: 'host.os.type',
  type: 'data_stream.type',
  dataset: 'data_stream.dataset',
  namespace: 'data_stream.namespace',
} as const
const KEY = keysFor({ ...OURS, body: 'body', action: 'event.action', docCount: '_doc_count' })
const KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER']

const taken: ReadonlySet<string> = new Set(Object.values(OURS))
const hintNames: ReadonlySet<string> = new Set(HINT_NAMES)

const tableOf = (names: Readonly<Record<string, readonly string[]>>, leftOut = ''): KeyTable =>
  new KeyTable((name) => {
    if (hintNames.has(name) || name === leftOut) return []
    return Object.hasOwn(names, name) ? names[name]! : [freeName(name, taken)]
  })
const NAMES = {
  // It is one of ours, from wherever it comes.
  resource: tableOf(RESOURCE_NAMES, 'agent.name'),
  scope: tableOf({}),
  record: tableOf(RECORD_NAMES),
  span: tableOf(spanNames('span')),
  transaction: tableOf(spanNames('transaction')),
  metric: tableOf({}),
}

/** What the documents of all signals have: the fields of the resource and the scope, and of the agent. */
class EcsDocument {
  readonly fields = new FlatDocument('hex')
  #resourceMark = 0
  #mark = 0

  resource({ attributes }: Resource): void {
    const { fields } = this
    fields.reset()
    const text = (name: string): string => attributes.getString(name) ?? ''
    fields.addAttributes(attributes, FROM.RESOURCE, NAMES.resource)
    const name = agentNameOf(text('telemetry.sdk.name'), text('telemetry.sdk.language'), text('telemetry.distro.name'))
    fields.add(KEY.agentName, text('agent.name') || name)
    fields.addText(KEY.agentVersion, text('telemetry.distro.version') || text('telemetry.sdk.version'))
    fields.addText(KEY.osType, osTypeOf(text('os.type'), text('os.name')))
    this.#resourceMark = fields.mark()
    this.#mark = this.#resourceMark
  }

  scope(attributes: Attributes): void {
    const { fields } = this
    fields.reset(this.#resourceMark)
    fields.addAttributes(attributes, FROM.SCOPE, NAMES.scope)
    this.#mark = fields.mark()
  }

  begin(stream: DataStream | undefined): void {
    const { fields } = this
    fields.reset(this.#mark)
    if (stream === undefined) return
    fields.add(KEY.type, stream.type)
    fields.add(KEY.dataset, stream.dataset)
    fields.add(KEY.namespace, stream.namespace)
  }
}

function addLinks(fields: FlatDocument, span: Span): void {
  const links: string[] = []
  span.eachLink(({ traceId, spanId }) => links.push(`{"trace":{"id":"${traceId.hex}"},"span":{"id":"${spanId.hex}"}}`))
  const json = Buffer.from(`[${links.join()}]`)
  fields.add(KEY.links, (to) => to.json(json))
}

/** Attributes outlive the visit of their point. */
function copied(attributes: Attributes): EcsHead['attributes'] {
  const single = new FlatDocument('hex')
  single.addAttributes(attributes, FROM.ITEM, NAMES.record)
  return single.fields(scratch)
}
const scratch = new JsonWriter(1024)
