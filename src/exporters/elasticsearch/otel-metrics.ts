// The mode `otel` for metrics, as Elastic's index template metrics-otel wants it: a document of a time series, with everything
// that was measured at a time in its object `metrics`.
import { createHash } from 'node:crypto'
import { type Instant, instantFromMillis } from '../../data/index.ts'
import { flatKeyOf } from '../../search/flat-key.ts'
import { keysOf } from '../../search/mode.ts'
import { JsonWriter } from '../../wire/json.ts'
import type { PointDocuments } from './documents.ts'
import type { OtelOptions } from './otel.ts'
import { OtelAround, otelMetricFields, writeAttributes, writeCount, writeNonEmpty, writeTime } from './otel-fields.ts'

interface Head {
  readonly time: Instant
  readonly start: Instant
  readonly unit: string
  /** `"attributes":{…}`, or nothing. */
  readonly attributes: Buffer
}

export function createOtelPoints({ isStream, now }: OtelOptions): PointDocuments<Head> {
  const fields = otelMetricFields(isStream)
  const around = new OtelAround(fields)
  return {
    resource: (resource) => around.resource(resource),
    scope: (scope) => around.scope(scope),
    groupKey: ({ start }, { unit }) => `${start.seconds}.${start.nanos}\0${unit}`,
    head({ time, start, attributes }, { unit }) {
      scratch.clear()
      writeAttributes(scratch, attributes, fields)
      return { time: time.isZero ? instantFromMillis(now()) : time, start, unit, attributes: scratch.take() }
    },
    write(json, { time, start, unit, attributes }, { stream, names, values, docCount }) {
      json.beginObject()
      writeTime(json, KEY['@timestamp'], time)
      if (!start.isZero) writeTime(json, KEY.start_timestamp, start)
      if (stream !== undefined) json.key(stream.field)
      writeNonEmpty(json, KEY.unit, unit)
      json.key(KEY._metric_names_hash)
      json.string(hashOf(names))
      writeCount(json, KEY._doc_count, docCount)
      if (attributes.length > 0) json.key(attributes)
      json.key(KEY.metrics)
      json.beginObject()
      const fieldNames = isStream ? names : undotted(names)
      for (const [i, name] of fieldNames.entries()) {
        json.key(flatKeyOf(name).flat)
        json.json(values[i]!)
      }
      json.endObject()
      around.writeEnd(json)
    },
  }
}

const KEY = keysOf('@timestamp', 'start_timestamp', 'unit', '_metric_names_hash', '_doc_count', 'metrics')
const scratch = new JsonWriter(4096)

/** `a` beside `a.b` becomes `a.value` where dots make objects. */
function undotted(names: readonly string[]): readonly string[] {
  const objects = new Set<string>()
  const taken = new Set(names)
  for (const name of names)
    for (let dot = name.indexOf('.'); dot > 0; dot = name.indexOf('.', dot + 1)) objects.add(name.slice(0, dot))
  return names.map((name) => {
    if (!objects.has(name)) return name
    let free = `${name}.value`
    while (objects.has(free) || taken.has(free)) free += '_'
    return free
  })
}

/** A dimension of the time series: other metrics of the same time and attributes must not be taken for these. */
function hashOf(names: readonly string[]): string {
  const key = names.length === 1 ? names[0]! : [...names].sort().join('\0')
  let hash = hashes.get(key)
  if (hash === undefined) {
    if (hashes.size >= MAX_HASHES) hashes.clear()
    hash = createHash('sha256').update(key).digest('hex').slice(0, 16)
    hashes.set(key, hash)
  }
  return hash
}
const hashes = new Map<string, string>()
const MAX_HASHES = 8192
