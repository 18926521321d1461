// Metrics taken apart and put together again, for whoever moves, copies or joins them: bytes that nobody changes are copied
// as they are, fields that we do not know among them.
//
// MetricsData = { 1: ResourceMetrics }; ResourceMetrics = { 1: Resource, 2: ScopeMetrics }; ScopeMetrics = { 1: Scope, 2: Metric }
import { textOf } from '../wire/intern.ts'
import { LEN, readVarint, skip, varintEnd } from '../wire/reader.ts'
import { ByteWriter } from '../wire/writer.ts'
import { Batch, chunkOf } from './batch.ts'
import { type MetricType, typeFields } from './metric.ts'
import type { Context, Visitor } from './visitors.ts'

/** A resource with its metrics. What is in `scopes` may be changed at will. */
export interface ResourcePart {
  readonly scopes: ScopePart[]
  /** All other fields of the ResourceMetrics. */
  readonly shell: Buffer
}
export interface ScopePart {
  readonly metrics: MetricPart[]
  /** All other fields of the ScopeMetrics. */
  readonly shell: Buffer
}

const RESOURCE_METRICS = 0x0a
const INSIDE = 0x12
const NAME = 0x0a
const UNIT = 0x1a
const POINT = 0x0a

export function takeApart(batch: Batch<'metrics'>): ResourcePart[] {
  const parts: ResourcePart[] = []
  for (const { bytes } of Batch.chunksOf(batch))
    eachField(bytes, 0, bytes.length, (tag, start, end) => {
      if (tag === RESOURCE_METRICS) parts.push(resourcePart(bytes, start, end))
    })
  return parts
}

function resourcePart(bytes: Buffer, start: number, end: number): ResourcePart {
  const scopes: ScopePart[] = []
  const shell = shellOf(bytes, start, end, (at, to) => {
    const metrics: MetricPart[] = []
    const inner = shellOf(bytes, at, to, (from, stop) => metrics.push(new MetricPart(bytes.subarray(from, stop))))
    scopes.push({ metrics, shell: inner })
  })
  return { scopes, shell }
}

/** The fields of a message but for those of the level inside, which are visited. */
function shellOf(bytes: Buffer, start: number, end: number, visit: (start: number, end: number) => void): Buffer {
  const kept: Buffer[] = []
  eachField(bytes, start, end, (tag, at, to, from) => {
    if (tag === INSIDE) visit(at, to)
    else kept.push(bytes.subarray(from, to))
  })
  return kept.length === 1 ? kept[0]! : Buffer.concat(kept)
}

/** Scopes and resources without metrics are left out. */
export function putTogether(parts: readonly ResourcePart[]): Batch<'metrics'> {
  const out = new ByteWriter(4096)
  let items = 0
  for (const { scopes, shell } of parts) {
    const filled = scopes.filter(({ metrics }) => metrics.length > 0)
    if (filled.length === 0) continue
    out.byte(RESOURCE_METRICS)
    const resource = out.beginPaddedLength()
    out.raw(shell)
    for (const scope of filled) {
      out.byte(INSIDE)
      const length = out.beginPaddedLength()
      out.raw(scope.shell)
      for (const metric of scope.metrics) {
        items += metric.items
        writeField(out, INSIDE, metric.bytes)
      }
      out.endPaddedLength(length)
    }
    out.endPaddedLength(resource)
  }
  return Batch.of('metrics', out.length > 0 ? [chunkOf(out.take(), items)] : [])
}

/** One metric by itself, immutable. */
export class MetricPart {
  /** The serialized Metric. */
  readonly bytes: Buffer
  #name: string | undefined
  #items: number | undefined

  constructor(bytes: Buffer, items?: number) {
    this.bytes = bytes
    this.#items = items
  }

  get name(): string {
    this.#name ??= textField(this.bytes, NAME)
    return this.#name
  }
  /** Undefined for a metric without data. */
  get type(): MetricType | undefined {
    return containerOf(this.bytes)?.type
  }
  /** Data points. */
  get items(): number {
    this.#items ??= countPoints(this.bytes)
    return this.#items
  }

  /** Resource and scope are empty ones. */
  visit(visitor: Visitor<'metrics'>): void {
    this.#alone().visit(visitor)
  }

  /**
   * This very part when nothing changed, undefined when nothing is left. `visitors` is best the same list each time, as in
   * `Batch.rewrite`.
   */
  edit(visitors: readonly Visitor<'metrics'>[], context: Context): MetricPart | undefined {
    const alone = this.#alone()
    const edited = alone.rewrite(visitors, context)
    if (edited === alone) return this
    const [chunk] = Batch.chunksOf(edited)
    if (chunk === undefined) return undefined
    return new MetricPart(innermost(chunk.bytes), chunk.items)
  }

  /** A batch of it alone. */
  #alone(): Batch<'metrics'> {
    const out = new ByteWriter(this.bytes.length + 18)
    out.byte(RESOURCE_METRICS)
    const resource = out.beginLength()
    out.byte(INSIDE)
    const scope = out.beginLength()
    writeField(out, INSIDE, this.bytes)
    out.endLength(scope)
    out.endLength(resource)
    return Batch.of('metrics', [chunkOf(out.take(), this.items)])
  }

  /** This one with the points of others of the same type behind its own. */
  joined(others: readonly MetricPart[]): MetricPart {
    const container = containerOf(this.bytes)
    if (others.length === 0 || container === undefined) return this
    const out = new ByteWriter(this.bytes.length * 2)
    out.raw(this.bytes, 0, container.from)
    out.varint(container.tag)
    const length = out.beginPaddedLength()
    out.raw(this.bytes, container.start, container.end)
    let { items } = this
    for (const { bytes, items: more } of others) {
      const inner = containerOf(bytes)
      if (inner?.type !== container.type)
        throw new TypeError(`points of a ${inner?.type} do not fit a ${container.type}`)
      eachField(bytes, inner.start, inner.end, (tag, start, end) => {
        if (tag === POINT) writeField(out, POINT, bytes.subarray(start, end))
      })
      items += more
    }
    out.endPaddedLength(length)
    out.raw(this.bytes, container.end)
    return new MetricPart(out.take(), items)
  }

  /** The points of a gauge or a sum as another metric, a gauge or a sum of no temporality. */
  derived(of: { readonly name: string; readonly unit: string; readonly type: 'gauge' | 'sum' }): MetricPart {
    const out = new ByteWriter(this.bytes.length + 64)
    writeText(out, NAME, of.name)
    if (of.unit !== '') writeText(out, UNIT, of.unit)
    this.#writePoints(out, of.type)
    return new MetricPart(out.take(), this.items)
  }

  /** A gauge or a sum as the other, a sum of no temporality; all else stays. */
  retyped(type: 'gauge' | 'sum'): MetricPart {
    const container = containerOf(this.bytes)
    if (container === undefined) return this
    const out = new ByteWriter(this.bytes.length + 16)
    out.raw(this.bytes, 0, container.from)
    this.#writePoints(out, type)
    out.raw(this.bytes, container.end)
    return new MetricPart(out.take(), this.items)
  }

  #writePoints(out: ByteWriter, type: 'gauge' | 'sum'): void {
    out.byte((typeFields.find(([, name]) => name === type)![0] << 3) | LEN)
    const length = out.beginPaddedLength()
    const container = containerOf(this.bytes)
    if (container !== undefined)
      eachField(this.bytes, container.start, container.end, (tag, start, end) => {
        if (tag === POINT) writeField(out, POINT, this.bytes.subarray(start, end))
      })
    out.endPaddedLength(length)
  }

  /** Each point with what `change` makes of its bytes. */
  withPoints(change: (point: Buffer, index: number) => Buffer): MetricPart {
    const container = containerOf(this.bytes)
    if (container === undefined) return this
    const out = new ByteWriter(this.bytes.length + 256)
    out.raw(this.bytes, 0, container.from)
    out.varint(container.tag)
    const length = out.beginPaddedLength()
    let index = 0
    eachField(this.bytes, container.start, container.end, (tag, start, end, from) => {
      if (tag === POINT) writeField(out, POINT, change(this.bytes.subarray(start, end), index++))
      else out.raw(this.bytes, from, end)
    })
    out.endPaddedLength(length)
    out.raw(this.bytes, container.end)
    return new MetricPart(out.take(), this.items)
  }
}

interface Container {
  readonly type: MetricType
  readonly tag: number
  /** Where its tag stands, and its content. */
  readonly from: number
  readonly start: number
  readonly end: number
}

function containerOf(bytes: Buffer): Container | undefined {
  let found: Container | undefined
  eachField(bytes, 0, bytes.length, (tag, start, end, from) => {
    const type = (tag & 7) === LEN ? typeFields.find(([field]) => field === tag >>> 3)?.[1] : undefined
    if (type !== undefined) found = { type, tag, from, start, end }
  })
  return found
}

function countPoints(bytes: Buffer): number {
  const container = containerOf(bytes)
  let items = 0
  if (container !== undefined)
    eachField(bytes, container.start, container.end, (tag) => {
      if (tag === POINT) items++
    })
  return items
}

function textField(bytes: Buffer, wanted: number): string {
  let text = ''
  eachField(bytes, 0, bytes.length, (tag, start, end) => {
    if (tag === wanted) text = textOf(bytes, start, end)
  })
  return text
}

/** The metric of a batch that has one. */
function innermost(bytes: Buffer): Buffer {
  let [at, to] = [0, bytes.length]
  for (const wanted of [RESOURCE_METRICS, INSIDE, INSIDE])
    eachField(bytes, at, to, (tag, start, end) => {
      if (tag === wanted) [at, to] = [start, end]
    })
  return bytes.subarray(at, to)
}

/** `start` is where the content begins, behind the length if it has one; `from` where the tag stands. */
function eachField(
  bytes: Buffer,
  at: number,
  end: number,
  visit: (tag: number, start: number, end: number, from: number) => void,
): void {
  while (at < end) {
    const from = at
    const tag = readVarint(bytes, at)
    let start = varintEnd
    at = skip(bytes, start, tag)
    if ((tag & 7) === LEN) {
      readVarint(bytes, start)
      start = varintEnd
    }
    visit(tag, start, at, from)
  }
}

function writeField(out: ByteWriter, tag: number, body: Buffer): void {
  out.byte(tag)
  out.varint(body.length)
  out.raw(body)
}

function writeText(out: ByteWriter, tag: number, text: string): void {
  out.byte(tag)
  out.text(text)
}
