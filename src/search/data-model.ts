// Log records in the fields of OpenTelemetry's log data model: the modes `ecs` (attributes below Attributes) and `flatten_attributes`
// (attributes at the top) of the collector's OpenSearch exporter.
import { instantFromMillis, type LogRecord } from '../data/index.ts'
import { contentAt, eachValue, keyValue, kindOf, MAP } from '../data/raw.ts'
import { textOf } from '../wire/intern.ts'
import { FlatDocument, FROM } from './flat.ts'
import { type FlatKey, flatKeyOf, KeyTable } from './flat-key.ts'
import type { Mode } from './mode.ts'
import { freeName } from './reserved.ts'

export interface DataModelOptions {
  /** Attributes stand at the top, not below `Attributes`. */
  readonly isFlat: boolean
  /** `@timestamp` when empty. */
  readonly timestampField: string
  /** Milliseconds since the epoch instead of a text. */
  readonly isUnixTime: boolean
  /** Objects instead of names with dots. */
  readonly isDeep: boolean
  /** Other names: of attributes by their key, of ours by the name that they would have. Empty: left out; of `Body`, its fields alone. */
  readonly fields: Readonly<Record<string, string>>
  readonly now: () => number
}

export function createDataModelLogs(options: DataModelOptions): Mode<LogRecord> {
  const document = new FlatDocument('base64')
  const key = ownKeys(options)
  const { attributes: names, top } = nameTables(options, key)
  let mark = 0
  return {
    resource({ attributes }) {
      document.reset()
      document.addAttributes(attributes, FROM.RESOURCE, names)
      mark = document.mark()
    },
    scope() {},
    write(json, record) {
      const { time, observedTime, traceId, spanId } = record
      document.reset(mark)
      const moment = !time.isZero ? time : observedTime.isZero ? instantFromMillis(options.now()) : observedTime
      document.add(key.time, options.isUnixTime ? moment.millis : moment)
      document.addId(key.traceId, traceId)
      document.addId(key.spanId, spanId)
      document.add(key.flags, record.flags)
      document.addText(key.severityText, record.severityText)
      document.add(key.severityNumber, record.severityNumber)
      document.addText(key.eventName, record.eventName)
      record.rawBody((bytes, at, end) => {
        if (kindOf(bytes, at, end) !== MAP) return document.addValue(key.bodyValue, FROM.ITEM, bytes, at, end)
        if (key.body !== undefined) return document.addValue(key.body, FROM.ITEM, bytes, at, end)
        eachValue(bytes, contentAt, (start, stop) => {
          const { keyAt, keyEnd, valueAt, valueEnd } = keyValue.locate(bytes, start, stop)
          for (const each of top.of(textOf(bytes, keyAt, keyEnd)))
            document.addValue(each, FROM.ITEM, bytes, valueAt, valueEnd)
        })
      })
      document.addAttributes(record.attributes, FROM.ITEM, names)
      document.write(json, options.isDeep)
      return undefined
    },
  }
}

interface OwnKeys {
  readonly time: FlatKey
  readonly traceId: FlatKey
  readonly spanId: FlatKey
  readonly flags: FlatKey
  readonly severityText: FlatKey
  readonly severityNumber: FlatKey
  readonly eventName: FlatKey
  /** Undefined: the fields of a map stand at the top. */
  readonly body: FlatKey | undefined
  readonly bodyValue: FlatKey
}

function ownKeys({ timestampField, fields }: DataModelOptions): OwnKeys {
  const named = (name: string): FlatKey => flatKeyOf(fields[name] || name)
  const body = fields.Body ?? 'Body'
  return {
    time: flatKeyOf(timestampField || '@timestamp'),
    traceId: named('TraceId'),
    spanId: named('SpanId'),
    flags: named('TraceFlags'),
    severityText: named('SeverityText'),
    severityNumber: named('SeverityNumber'),
    eventName: named('EventName'),
    body: body === '' ? undefined : flatKeyOf(body),
    bodyValue: flatKeyOf(fields['Body.value'] || (body === '' ? 'Body.value' : `${body}.value`)),
  }
}

function nameTables(
  { isFlat, fields }: DataModelOptions,
  own: OwnKeys,
): Readonly<Record<'attributes' | 'top', KeyTable>> {
  const ours = new Set(
    [own.time, own.traceId, own.spanId, own.flags, own.severityText, own.severityNumber, own.eventName].map(textOfKey),
  )
  const renamed = (name: string): string[] | undefined =>
    Object.hasOwn(fields, name) ? [fields[name]!].filter((to) => to !== '') : undefined
  return {
    attributes: new KeyTable((name) => renamed(name) ?? [isFlat ? freeName(name, ours) : `Attributes.${name}`]),
    top: new KeyTable((name) => renamed(name) ?? [freeName(name, ours)]),
  }
}

const textOfKey = ({ text }: FlatKey): string => text
