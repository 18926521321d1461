// Groups of series as requests, in both versions of remote write.
// v1  WriteRequest = { 1: TimeSeries*, 3: MetricMetadata* }            TimeSeries = { 1: Label*, 2: Sample*, 3: Exemplar*, 4: Histogram* }
//     Label = { 1: name, 2: value }   Sample = { 1: value (double), 2: timestamp }   Exemplar = { 1: Label*, 2: value, 3: timestamp }
//     MetricMetadata = { 1: type, 2: metric_family_name, 4: help, 5: unit }
// v2  Request = { 4: symbols*, 5: TimeSeries* }
//     TimeSeries = { 1: labels_refs, 2: Sample*, 3: Histogram*, 4: Exemplar*, 5: Metadata, 6: created_timestamp (given up) }
//     Sample = { …, 3: start_timestamp }   Exemplar = { 1: labels_refs, 2: value, 3: timestamp }   Metadata = { 1: type, 3: help_ref, 4: unit_ref }
// https://prometheus.io/docs/specs/prw/remote_write_spec/ and …/remote_write_spec_2_0/
import { ByteWriter, varintSize } from '../../wire/writer.ts'
import { type ExemplarSample, type Group, type Sample, type Series, STALE, type Value } from './collect.ts'
import { writeHistogram } from './encode-histogram.ts'
import type { Cut, WriteRequest } from './request.ts'
import { type Family, type FamilyType, type Label, type Labels, listLabels } from './series.ts'

export interface EncodeOptions {
  readonly version: 1 | 2
  readonly maxBytes: number
  /** Of the first version; the second has it in any case. */
  readonly sendsMetadata: boolean
}

const NO_HEAD = Buffer.alloc(0)

/** Requests of at most `maxBytes`, but for a group that is larger alone. */
export function encodeGroups(groups: readonly Group[], options: EncodeOptions): WriteRequest[] {
  const requests = new RequestWriter(options)
  for (const group of groups) requests.add(group)
  const list = requests.end()
  if (options.version === 1 && options.sendsMetadata && groups.length > 0) list.push(metadataRequest(groups))
  return list
}

/** What requests are written to, one batch after the other: memory of that size is dear to get anew each time. */
let scratch = new ByteWriter(64 * 1024)
/** What a large batch has taken is not kept for the small ones after it. */
const KEPT_BYTES = 4 * 1024 * 1024

function emptyScratch(): ByteWriter {
  if (scratch.bytes.length > KEPT_BYTES) scratch = new ByteWriter(64 * 1024)
  scratch.clear()
  return scratch
}

class RequestWriter {
  readonly #options: EncodeOptions
  readonly #out = emptyScratch()
  readonly #requests: WriteRequest[] = []
  #cuts: Cut[] = []
  #items = 0
  #samples = 0
  #symbols = new Symbols()

  constructor(options: EncodeOptions) {
    this.#options = options
  }

  add(group: Group): void {
    const before = this.#out.length
    const symbols = this.#symbols.count
    this.#write(group)
    const isOver = this.#out.length + this.#symbols.sizeBytes > this.#options.maxBytes
    if (isOver && before > 0) {
      this.#out.length = before
      this.#symbols.cut(symbols)
      this.#finish()
      this.#write(group)
    }
    this.#cuts.push({ endAt: this.#out.length, items: group.items })
    this.#items += group.items
    for (const { samples, histograms } of group.series) this.#samples += samples.length + (histograms?.length ?? 0)
  }

  end(): WriteRequest[] {
    if (this.#cuts.length > 0) this.#finish()
    return this.#requests
  }

  #write(group: Group): void {
    for (const series of group.series) {
      if (this.#options.version === 1) writeSeries(this.#out, series)
      else writeSeriesV2(this.#out, series, group.family, this.#symbols)
    }
  }

  #finish(): void {
    const head = this.#options.version === 1 ? NO_HEAD : this.#symbols.encode()
    this.#requests.push({
      head,
      series: this.#out.take(),
      cuts: this.#cuts,
      items: this.#items,
      samples: this.#samples,
    })
    this.#out.clear()
    this.#cuts = []
    this.#items = 0
    this.#samples = 0
    this.#symbols = new Symbols()
  }
}

function writeSeries(out: ByteWriter, { labels, samples, exemplars, histograms }: Series): void {
  out.byte(0x0a)
  const from = out.beginLength(2)
  out.raw((labels.bytes ??= labelBytes(labels)))
  for (const sample of samples) writeSample(out, sample, false)
  if (exemplars !== undefined) for (const exemplar of exemplars) writeExemplar(out, exemplar)
  if (histograms !== undefined) for (const histogram of histograms) writeHistogram(out, 0x22, histogram, false)
  out.endLength(from, 2)
}

function writeExemplar(out: ByteWriter, exemplar: ExemplarSample): void {
  out.byte(0x1a)
  const inside = out.beginLength()
  for (const label of exemplar.labels) writeLabel(out, label)
  writeExemplarValue(out, exemplar)
  out.endLength(inside)
}

const labelScratch = new ByteWriter(1024)
/** Memory that many small results share: a piece of its own for each would cost more than what is in it. */
let slab = Buffer.alloc(0)
let slabUsed = 0
const SLAB_BYTES = 64 * 1024

function labelBytes(labels: Labels): Buffer {
  labelScratch.clear()
  for (const label of listLabels(labels)) writeLabel(labelScratch, label)
  const { length } = labelScratch
  if (length > SLAB_BYTES / 8) return labelScratch.take()
  if (slabUsed + length > slab.length) {
    slab = Buffer.allocUnsafeSlow(SLAB_BYTES)
    slabUsed = 0
  }
  labelScratch.bytes.copy(slab, slabUsed, 0, length)
  slabUsed += length
  return slab.subarray(slabUsed - length, slabUsed)
}

function writeLabel(out: ByteWriter, [name, value]: Label): void {
  out.byte(0x0a)
  const from = out.beginLength()
  out.byte(0x0a)
  out.text(name)
  out.byte(0x12)
  out.text(value)
  out.endLength(from)
}

function writeSeriesV2(out: ByteWriter, series: Series, family: Family, symbols: Symbols): void {
  out.byte(0x2a)
  const from = out.beginLength(2)
  writeRefs(out, listLabels(series.labels), symbols)
  for (const sample of series.samples) writeSample(out, sample, true)
  for (const histogram of series.histograms ?? []) writeHistogram(out, 0x1a, histogram, true)
  for (const exemplar of series.exemplars ?? []) {
    out.byte(0x22)
    const inside = out.beginLength()
    writeRefs(out, exemplar.labels, symbols)
    writeExemplarValue(out, exemplar)
    out.endLength(inside)
  }
  out.byte(0x2a)
  const metadata = out.beginLength()
  out.byte(0x08)
  out.varint(TYPES[family.type])
  if (family.help !== '') {
    out.byte(0x18)
    out.varint(symbols.ref(family.help))
  }
  if (family.unit !== '') {
    out.byte(0x20)
    out.varint(symbols.ref(family.unit))
  }
  out.endLength(metadata)
  // Where Prometheus up to 3.7 looks for it; later ones have it with each sample.
  const createdMs = (series.samples[0] ?? series.histograms?.[0])?.createdMs ?? 0
  if (createdMs > 0) {
    out.byte(0x30)
    out.int64(createdMs)
  }
  out.endLength(from, 2)
}

function writeRefs(out: ByteWriter, labels: readonly Label[], symbols: Symbols): void {
  out.byte(0x0a)
  const from = out.beginLength()
  for (const [name, value] of labels) {
    out.varint(symbols.ref(name))
    out.varint(symbols.ref(value))
  }
  out.endLength(from)
}

function writeSample(out: ByteWriter, { value, timeMs, createdMs }: Sample, hasStart: boolean): void {
  out.byte(0x12)
  const from = out.beginLength()
  writeValue(out, value)
  out.byte(0x10)
  out.int64(timeMs)
  if (hasStart && createdMs > 0) {
    out.byte(0x18)
    out.int64(createdMs)
  }
  out.endLength(from)
}

function writeExemplarValue(out: ByteWriter, { value, timeMs }: ExemplarSample): void {
  out.byte(0x11)
  out.double(value)
  out.byte(0x18)
  out.int64(timeMs)
}

/** https://prometheus.io/docs/specs/prw/remote_write_spec/#stale-markers */
export const STALE_BITS = 0x7ff0000000000002n

function writeValue(out: ByteWriter, value: Value): void {
  out.byte(0x09)
  if (value === STALE) out.fixed64(STALE_BITS)
  else out.double(Number(value))
}

/** Both versions have the same numbers. */
const TYPES: Readonly<Record<FamilyType, number>> = {
  unknown: 0,
  counter: 1,
  gauge: 2,
  histogram: 3,
  summary: 5,
  info: 6,
}

function metadataRequest(groups: readonly Group[]): WriteRequest {
  const families = new Map(groups.map(({ family }) => [family.name, family]))
  const out = new ByteWriter(1024)
  for (const { name, type, help, unit } of families.values()) {
    out.byte(0x1a)
    const from = out.beginLength()
    out.byte(0x08)
    out.varint(TYPES[type])
    out.byte(0x12)
    out.text(name)
    out.byte(0x22)
    out.text(help)
    out.byte(0x2a)
    out.text(unit)
    out.endLength(from)
  }
  const series = out.take()
  return { head: NO_HEAD, series, cuts: [{ endAt: series.length, items: 0 }], items: 0, samples: 0 }
}

/** Texts of a request, each once. The first is empty, as the specification wants it. */
class Symbols {
  readonly #refs = new Map<string, number>([['', 0]])
  sizeBytes = 2

  ref(text: string): number {
    let ref = this.#refs.get(text)
    if (ref === undefined) {
      ref = this.#refs.size
      this.#refs.set(text, ref)
      this.sizeBytes += symbolBytes(text)
    }
    return ref
  }

  get count(): number {
    return this.#refs.size
  }

  /** Only so many, the first ones. */
  cut(count: number): void {
    for (const [text, ref] of this.#refs) {
      if (ref < count) continue
      this.#refs.delete(text)
      this.sizeBytes -= symbolBytes(text)
    }
  }

  encode(): Buffer {
    const out = new ByteWriter(this.sizeBytes + 1024)
    for (const text of this.#refs.keys()) {
      out.byte(0x22)
      out.text(text)
    }
    return out.take()
  }
}

/** Tag, length and text. */
const symbolBytes = (text: string): number => {
  const size = Buffer.byteLength(text)
  return 1 + varintSize(size) + size
}
