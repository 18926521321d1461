// Request = { 4: symbols*, 5: TimeSeries* }
// TimeSeries = { 1: labels_refs, 2: Sample*, 3: Histogram*, 4: Exemplar*, 5: Metadata, 6: created_timestamp (given up) }
// Sample = { …, 3: start_timestamp }   Exemplar = { 1: labels_refs, 2: value, 3: timestamp }   Metadata = { 1: type, 3: help_ref, 4: unit_ref }
import { type ByteWriter, varintSize } from '../../wire/writer.ts'
import type { Version } from './encode.ts'
import { writeHistograms } from './encode-histogram.ts'
import type { Layout } from './layout.ts'
import { eachSeries, exemplarsIn, type SeriesRows } from './merge.ts'
import type { ExemplarSample, Rows } from './rows.ts'
import { canFill, fillSample, TYPES, writeExemplarValue, writeSamples, writeSampleTags, writeStart } from './sample.ts'
import type { Family, KnownSeries } from './series.ts'
import { SymbolTable, type Term, type Terms } from './terms.ts'

export class SecondVersion implements Version {
  readonly #terms: Terms
  readonly #name: Term
  #symbols: SymbolTable
  /** How many bytes the length of a series takes: as many as that of the one before. */
  #lengthBytes = 1

  constructor(terms: Terms) {
    this.#terms = terms
    this.#name = terms.of('__name__')
    this.#symbols = new SymbolTable(terms)
  }

  write(out: ByteWriter, rows: Rows, known: KnownSeries): void {
    const { first } = known
    if (!canFill(rows, known))
      return eachSeries(rows, known, (layout, part, entries) => this.#writeSeries(out, rows, layout, part, entries))
    const layout = rows.layouts[first]!
    const valuesAt = rows.valuesAt[first]!
    for (let part = 0; part < layout.parts.length; part++)
      this.#writeSample(out, layout, part, rows.values[valuesAt + part]!, rows.times[first]!, rows.created[first]!)
  }

  get headSizeBytes(): number {
    return this.#symbols.sizeBytes
  }
  mark(): number {
    return this.#symbols.count
  }
  rewind(mark: number): void {
    this.#symbols.cut(mark)
  }
  takeHead(): Buffer {
    const head = this.#symbols.encode()
    this.#symbols = new SymbolTable(this.#terms)
    return head
  }

  #writeSample(out: ByteWriter, layout: Layout, part: number, value: number, timeMs: number, createdMs: number): void {
    const from = this.#begin(out)
    this.#writeLabels(out, layout, part)
    const at = out.length
    writeSampleTags(out)
    fillSample(out.view(), at, value, timeMs)
    writeStart(out, at, createdMs)
    this.#writeMetadata(out, layout.known.family)
    this.#end(out, from, createdMs)
  }

  #writeSeries(out: ByteWriter, rows: Rows, layout: Layout, part: number, entries: SeriesRows): void {
    const from = this.#begin(out)
    this.#writeLabels(out, layout, part)
    writeSamples(out, rows, entries, true)
    writeHistograms(out, 0x1a, rows, entries, true)
    for (const exemplar of exemplarsIn(rows, entries)) this.#writeExemplar(out, exemplar)
    this.#writeMetadata(out, layout.known.family)
    this.#end(out, from, rows.created[entries.list[0]!]!)
  }

  #begin(out: ByteWriter): number {
    out.byte(0x2a)
    return out.beginLength(this.#lengthBytes)
  }

  #end(out: ByteWriter, from: number, createdMs: number): void {
    // Where Prometheus up to 3.7 looks for it; later ones have it with each sample.
    if (createdMs > 0) {
      out.byte(0x30)
      out.int64(createdMs)
    }
    const guess = this.#lengthBytes
    this.#lengthBytes = varintSize(out.length - from)
    out.endLength(from, guess)
  }

  #writeLabels(out: ByteWriter, { known, parts, ownName, nameAt, ownAt }: Layout, part: number): void {
    const { name, own } = parts[part]!
    const symbols = this.#symbols
    const { labels } = known
    out.byte(0x0a)
    const from = out.beginLength()
    for (let at = 0; at <= labels.length; at++) {
      if (at === nameAt) {
        out.varint(symbols.ref(this.#name))
        out.varint(symbols.ref(name))
      }
      if (at === ownAt && ownName !== undefined && own !== undefined) {
        out.varint(symbols.ref(ownName))
        out.varint(symbols.ref(own))
      }
      if (at < labels.length) out.varint(symbols.ref(labels[at]!))
    }
    out.endLength(from)
  }

  #writeExemplar(out: ByteWriter, exemplar: ExemplarSample): void {
    out.byte(0x22)
    const inside = out.beginLength()
    out.byte(0x0a)
    const from = out.beginLength()
    for (const [name, value] of exemplar.labels) {
      out.varint(this.#symbols.refOfText(name))
      out.varint(this.#symbols.refOfText(value))
    }
    out.endLength(from)
    writeExemplarValue(out, exemplar)
    out.endLength(inside)
  }

  #writeMetadata(out: ByteWriter, { type, help, unit }: Family): void {
    out.byte(0x2a)
    const from = out.beginLength()
    out.byte(0x08)
    out.varint(TYPES[type])
    if (help.text !== '') {
      out.byte(0x18)
      out.varint(this.#symbols.ref(help))
    }
    if (unit.text !== '') {
      out.byte(0x20)
      out.varint(this.#symbols.ref(unit))
    }
    out.endLength(from)
  }
}
