// The data plane alone: `node bench/data-plane.ts [pattern]`. CPU nanoseconds an item; the yardsticks were measured on
// another machine with other payloads of the same kind, and say what to expect of the order of magnitude.
import {
  AttributeEdits,
  type Batch,
  Builder,
  type Context,
  concat,
  decodeOtlp,
  decodeOtlpJson,
  double,
  encodeOtlpJson,
  Id,
  instantFromMillis,
  keyOf,
  type Signal,
  type Visitor,
} from '../src/data/index.ts'
import { type Contenders, compare } from './measure.ts'
import { payload } from './payloads.ts'

const SIZES = [100, 1000]
const pattern = new RegExp(process.argv[2] ?? '.')
const context: Context = { abort: new AbortController().signal, metadata: new Map() }

const method = keyOf('http.request.method')
const url = keyOf('url.full')
const status = keyOf('http.response.status_code')
const peer = keyOf('network.peer.address')
const env = keyOf('env')

const setAndDelete: Visitor<'traces'> = {
  onSpan({ attributes }) {
    attributes.set(env, 'production')
    attributes.delete(peer)
  },
}
const edits = new AttributeEdits([
  { action: 'upsert', key: 'env', value: 'production' },
  { action: 'delete', key: 'network.peer.address' },
])
const editKnown: Visitor<'traces'> = { onSpan: ({ attributes }) => attributes.edit(edits) }
let changes = 0
const setChanging: Visitor<'traces'> = {
  onSpan({ attributes }) {
    attributes.set(env, `production${changes++ % 100}`)
    attributes.delete(peer)
  },
}
const keepErrors: Visitor<'traces'> = {
  onSpan({ attributes }) {
    const code = attributes.getNumber(status)
    return code === undefined || code >= 400
  },
}
const setters: Visitor<'traces'>[] = ['a1', 'a2', 'a3'].map((name, i) => {
  const key = keyOf(name)
  return {
    onSpan({ attributes }) {
      attributes.set(key, i === 2 ? 7 : 'x')
    },
  }
})
const setResource: Visitor = {
  onResource({ attributes }) {
    attributes.set(env, 'production')
  },
}

for (const size of SIZES) {
  traces(size)
  logs(size)
  metrics(size)
}

function traces(size: number): void {
  const { bytes, batch, json } = inputs('traces', size)
  row('traces: decode', size, { ours: () => decodeOtlp('traces', bytes) }, { shared: 152, Go: 1796 })
  row('traces: concat', size, { ours: () => concat([batch, batch]) }, { shared: 1.3, Go: 2225 })
  row('traces: name, 3 attributes', size, { ours: () => readSpans(batch) }, { shared: 400 })
  row('traces: every field (toObject)', size, { ours: () => objects(batch) })
  row(
    'traces: set, delete',
    size,
    {
      ours: () => batch.rewrite([setAndDelete], context),
      known: () => batch.rewrite([editKnown], context),
      changing: () => batch.rewrite([setChanging], context),
    },
    { shared: 545, Go: 2468 },
  )
  row('traces: filter', size, { ours: () => batch.rewrite([keepErrors], context) }, { shared: 223, Go: 1896 })
  row(
    'traces: 3 visitors',
    size,
    {
      fused: () => batch.rewrite(setters, context),
      chained: () => setters.reduce((result, visitor) => result.rewrite([visitor], context), batch),
    },
    { 'shared fused': 647, 'shared chained': 1196 },
  )
  row('traces: resource attribute', size, { ours: () => batch.rewrite([setResource], context) })
  const large = concat([batch, ...Array.from({ length: 9 }, () => batch)])
  row('traces: split to 7 parts', large.items, {
    items: () => large.split({ items: Math.ceil(large.items / 7) }),
    bytes: () => large.split({ sizeBytes: Math.ceil(large.sizeBytes / 7) }),
  })
  row('traces: JSON encode', size, { ours: () => encodeOtlpJson(batch), 'JSON.stringify': stringify(json) })
  row('traces: JSON decode', size, { ours: () => decodeOtlpJson('traces', json), 'JSON.parse': parse(json) })
  row('traces: build', size, { ours: () => buildSpans(size) })
}

function logs(size: number): void {
  const { bytes, batch, json } = inputs('logs', size)
  row('logs: decode', size, { ours: () => decodeOtlp('logs', bytes) }, { shared: 116 })
  row('logs: severity, body, 1 attribute', size, { ours: () => readLogs(batch) })
  const visitor: Visitor<'logs'> = { onLog: ({ attributes }) => attributes.set(env, 'production') }
  row('logs: set', size, { ours: () => batch.rewrite([visitor], context) }, { shared: 380 })
  row('logs: JSON encode', size, { ours: () => encodeOtlpJson(batch), 'JSON.stringify': stringify(json) })
  row('logs: JSON decode', size, { ours: () => decodeOtlpJson('logs', json), 'JSON.parse': parse(json) })
}

function metrics(size: number): void {
  const { bytes, batch, json } = inputs('metrics', size)
  row('metrics: decode', size, { ours: () => decodeOtlp('metrics', bytes) }, { shared: 78 })
  row('metrics: value, buckets, 1 attribute', size, { ours: () => readPoints(batch) })
  const visitor: Visitor<'metrics'> = { onPoint: ({ attributes }) => attributes.set(env, 'production') }
  row('metrics: set', size, { ours: () => batch.rewrite([visitor], context) }, { shared: 307 })
  row('metrics: JSON encode', size, { ours: () => encodeOtlpJson(batch), 'JSON.stringify': stringify(json) })
  row('metrics: JSON decode', size, { ours: () => decodeOtlpJson('metrics', json), 'JSON.parse': parse(json) })
}

function inputs<S extends Signal>(signal: S, size: number): { bytes: Buffer; batch: Batch<S>; json: Buffer } {
  const bytes = payload(signal, size)
  const batch = decodeOtlp(signal, bytes)
  return { bytes, batch, json: encodeOtlpJson(batch) }
}

function stringify(json: Buffer): () => Buffer {
  const object: unknown = JSON.parse(json.toString())
  return () => Buffer.from(JSON.stringify(object))
}
function parse(json: Buffer): () => unknown {
  return () => JSON.parse(json.toString())
}

function readSpans(batch: Batch<'traces'>): number {
  let sum = 0
  batch.visit({
    onSpan({ name, attributes }) {
      sum += name.length + attributes.getString(method)!.length + attributes.getString(url)!.length
      sum += attributes.getNumber(status)!
    },
  })
  return sum
}

function objects(batch: Batch<'traces'>): number {
  let sum = 0
  batch.visit({
    onSpan(span) {
      sum += span.toObject().attributes.size
    },
  })
  return sum
}

function readLogs(batch: Batch<'logs'>): number {
  let sum = 0
  batch.visit({
    onLog({ severityNumber, body, attributes }) {
      sum += severityNumber + String(body).length + attributes.getString(method)!.length
    },
  })
  return sum
}

function readPoints(batch: Batch<'metrics'>): number {
  let sum = 0
  batch.visit({
    onPoint(point) {
      sum += point.value + point.count + point.bucketCounts.length + point.attributes.getString(method)!.length
    },
  })
  return sum
}

function buildSpans(size: number): Batch<'traces'> {
  const id = Id.fromBytes(Buffer.alloc(16, 7))
  const start = instantFromMillis(1_760_000_000_000)
  const builder = new Builder('traces')
  builder.resource((resource) => resource.attribute('service.name', 'checkout'))
  for (let i = 0; i < size; i++)
    builder.add((span) => {
      span.traceId(id)
      span.name('GET /api/v1/cart')
      span.kind(2)
      span.start(start)
      span.end(start)
      span.attribute(method, 'GET')
      span.attribute(status, 200 + (i % 5))
      span.attribute(url, 'https://shop.example.com/api/v1/cart')
      span.attribute('app.ratio', double(i))
    })
  return builder.build()
}

function row(name: string, items: number, contenders: Contenders, yardsticks: Record<string, number> = {}): void {
  if (!pattern.test(name)) return
  const measured = Object.entries(compare(items, contenders)).map(([who, nanos]) => `${who} ${format(nanos)}`)
  const expected = Object.entries(yardsticks).map(([who, nanos]) => `${who} ${nanos}`)
  const note = expected.length > 0 ? `   (${expected.join(', ')})` : ''
  console.log(`${`${name} /${items}`.padEnd(44)}${measured.map((cell) => cell.padEnd(20)).join(' ')}${note}`)
}

function format(nanos: number): string {
  return nanos < 20 ? nanos.toFixed(1) : nanos.toFixed(0)
}
