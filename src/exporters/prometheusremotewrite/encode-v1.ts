// WriteRequest = { 1: TimeSeries*, 3: MetricMetadata* }            TimeSeries = { 1: Label*, 2: Sample*, 3: Exemplar*, 4: Histogram* }
// Label = { 1: name, 2: value }   Sample = { 1: value (double), 2: timestamp }   Exemplar = { 1: Label*, 2: value, 3: timestamp }
// MetricMetadata = { 1: type, 2: metric_family_name, 4: help, 5: unit }
import { ByteWriter } from '../../wire/writer.ts'
import type { Version } from './encode.ts'
import { writeHistograms } from './encode-histogram.ts'
import { type Layout, listLabels, type Template } from './layout.ts'
import { eachSeries, exemplarsIn, type SeriesRows } from './merge.ts'
import type { ExemplarSample, Rows } from './rows.ts'
import { canFill, fillSample, TYPES, writeExemplarValue, writeSamples, writeSampleTags } from './sample.ts'
import type { Family, KnownSeries, Label, SeriesMemory } from './series.ts'

export class FirstVersion implements Version {
  readonly headSizeBytes = 0
  readonly #memory: SeriesMemory

  constructor(memory: SeriesMemory) {
    this.#memory = memory
  }

  /** Nearly always a series has one point in a batch: all but numbers is there already. */
  write(out: ByteWriter, rows: Rows, known: KnownSeries): void {
    const { first } = known
    if (canFill(rows, known))
      fill(out, this.#templateOf(rows.layouts[first]!), rows.values, rows.valuesAt[first]!, rows.times[first]!)
    else
      eachSeries(rows, known, (layout, part, entries) =>
        writeSeries(out, this.#templateOf(layout), part, rows, entries),
      )
  }

  mark(): number {
    return 0
  }
  rewind(): void {}
  takeHead(): Buffer {
    return NO_HEAD
  }

  #templateOf(layout: Layout): Template {
    if (layout.template === undefined) {
      layout.template = templateOf(layout)
      this.#memory.grown(layout.template.length)
    }
    return layout.template
  }
}

const NO_HEAD = Buffer.alloc(0)

function fill(
  out: ByteWriter,
  { bytes, at, length, labelsEnd }: Template,
  values: readonly number[],
  valuesAt: number,
  timeMs: number,
): void {
  const start = out.length
  out.raw(bytes, at, at + length)
  const view = out.view()
  for (let i = 0; i < labelsEnd.length; i++) fillSample(view, start + labelsEnd[i]!, values[valuesAt + i]!, timeMs)
}

const templateScratch = new ByteWriter(4096)
/** Memory that many small results share: a piece of its own for each would cost more than what is in it. */
let slab = Buffer.alloc(0)
let slabUsed = 0
const SLAB_BYTES = 64 * 1024

function templateOf(layout: Layout): Template {
  const out = templateScratch
  out.clear()
  const labelsAt: number[] = []
  const labelsEnd: number[] = []
  for (const part of layout.parts) {
    out.byte(0x0a)
    const from = out.beginLength(2)
    for (const label of listLabels(layout, part)) writeLabel(out, label)
    const size = out.length - from
    writeSampleTags(out)
    const start = out.endLength(from, 2)
    labelsAt.push(start)
    labelsEnd.push(start + size)
  }
  const { length } = out
  if (length > SLAB_BYTES / 8) return { bytes: out.take(), at: 0, length, labelsAt, labelsEnd }
  if (slabUsed + length > slab.length) {
    slab = Buffer.allocUnsafeSlow(SLAB_BYTES)
    slabUsed = 0
  }
  const at = slabUsed
  out.bytes.copy(slab, at, 0, length)
  slabUsed += length
  return { bytes: slab, at, length, labelsAt, labelsEnd }
}

/** One series with its samples of several points. */
function writeSeries(
  out: ByteWriter,
  { bytes, at, labelsAt, labelsEnd }: Template,
  part: number,
  rows: Rows,
  entries: SeriesRows,
): void {
  out.byte(0x0a)
  const from = out.beginLength(2)
  out.raw(bytes, at + labelsAt[part]!, at + labelsEnd[part]!)
  writeSamples(out, rows, entries, false)
  for (const exemplar of exemplarsIn(rows, entries)) writeExemplar(out, exemplar)
  writeHistograms(out, 0x22, rows, entries, false)
  out.endLength(from, 2)
}

function writeExemplar(out: ByteWriter, exemplar: ExemplarSample): void {
  out.byte(0x1a)
  const inside = out.beginLength()
  for (const label of exemplar.labels) writeLabel(out, label)
  writeExemplarValue(out, exemplar)
  out.endLength(inside)
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

/** What the families are. */
export function metadataOf(families: Iterable<Family>): Buffer {
  const out = new ByteWriter(1024)
  for (const { name, type, help, unit } of families) {
    out.byte(0x1a)
    const from = out.beginLength()
    out.byte(0x08)
    out.varint(TYPES[type])
    out.byte(0x12)
    out.text(name.text)
    out.byte(0x22)
    out.text(help.text)
    out.byte(0x2a)
    out.text(unit.text)
    out.endLength(from)
  }
  return out.take()
}
