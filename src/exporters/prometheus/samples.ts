// Samples of one family after another, as bytes.
import type { Instant } from '../../data/index.ts'
import type { FamilyType } from '../../prometheus/family.ts'
import { keptText } from '../../wire/kept.ts'
import { ByteWriter } from '../../wire/writer.ts'
import { isPlainMetricName } from './escape.ts'
import type { ShownExemplar } from './exemplar.ts'
import { escapeText } from './labels.ts'
import { writeCount, writeFloat, writeNumber } from './number.ts'
import type { HistogramState, NumberState, State, SummaryState } from './state.ts'

export type Format = 'text' | 'openmetrics'

export interface SampleOptions {
  readonly format: Format
  /** The point's own time behind each sample. */
  readonly sendTimestamps: boolean
  /** `_created` samples, in OpenMetrics. */
  readonly sendCreated: boolean
}

/** The parts of a family that its samples repeat. */
export interface FamilyText {
  readonly type: FamilyType
  /** HELP and TYPE. */
  readonly header: Buffer
  /** Names of samples, as far as their labels: `x` or `{"x"`. */
  readonly sample: Buffer
  readonly bucket: Buffer
  readonly sum: Buffer
  readonly count: Buffer
  /** Undefined when the format has no such sample. */
  readonly created: Buffer | undefined
  readonly isQuoted: boolean
}

/** `isBaseTaken`: another family has the name that OpenMetrics calls a counter by, the one without `_total`. */
export function familyText(
  { name, type, help }: { readonly name: string; readonly type: FamilyType; readonly help: string },
  format: Format,
  isBaseTaken: boolean,
): FamilyText {
  const isOpen = format === 'openmetrics'
  const isCounter = type === 'counter' && name.endsWith('_total') && !isBaseTaken
  const shown = quoted(isOpen && isCounter ? name.slice(0, -'_total'.length) : name)
  const word = isOpen && type === 'counter' && !isCounter ? 'unknown' : type
  const about = isOpen ? escapeText(help) : help.replace(/\\/g, '\\\\').replace(/\n/g, '\\n')
  const hasCreated = isOpen && type !== 'gauge' && word !== 'unknown'
  const sample = (suffix: string): Buffer => sampleName(name + suffix)
  return {
    type,
    header: keptText(`# HELP ${shown} ${about}\n# TYPE ${shown} ${word}\n`),
    sample: sample(''),
    bucket: sample('_bucket'),
    sum: sample('_sum'),
    count: sample('_count'),
    created: hasCreated ? sampleName(`${name.replace(/_total$/, '')}_created`) : undefined,
    isQuoted: !isPlainMetricName(name),
  }
}

const quoted = (name: string): string => (isPlainMetricName(name) ? name : `"${escapeText(name)}"`)
const sampleName = (name: string): Buffer => keptText(isPlainMetricName(name) ? name : `{${quoted(name)}`)

const SPACE = 0x20
const NEWLINE = 0x0a
const COMMA = 0x2c
const BRACE = 0x7b
const CLOSE = Buffer.from('} ')

export class SampleWriter {
  readonly #options: SampleOptions
  readonly #isOpen: boolean
  readonly #out = new ByteWriter(96 * 1024)
  readonly #bounds: BoundTexts
  #family!: FamilyText
  #labels!: Buffer
  /** Whether the samples of the series have braces at all. */
  #hasBraces = false

  constructor(options: SampleOptions) {
    this.#options = options
    this.#isOpen = options.format === 'openmetrics'
    this.#bounds = this.#isOpen ? openBounds : textBounds
  }

  get length(): number {
    return this.#out.length
  }
  take(): Buffer {
    const taken = this.#out.take()
    this.#out.clear()
    return taken
  }

  beginFamily(family: FamilyText): void {
    this.#family = family
    this.#out.raw(family.header)
  }

  /** `labels` as `labelText` writes them, after the family's own opener. */
  series(labels: Buffer, state: State): void {
    this.#labels = labels
    this.#hasBraces = labels.length > 0 || this.#family.isQuoted
    switch (state.kind) {
      case 'number':
        this.#number(state)
        break
      case 'histogram':
        this.#histogram(state)
        break
      case 'summary':
        this.#summary(state)
        break
    }
    if (this.#options.sendCreated) this.#created(state.timeline.start)
  }

  end(): void {
    if (this.#isOpen) this.#out.utf8('# EOF\n')
  }

  #number({ value, timeline, exemplar }: NumberState): void {
    this.#name(this.#family.sample)
    this.#value(value)
    this.#endSample(timeline.time, this.#isOpen ? exemplar : undefined)
  }

  #histogram(state: HistogramState): void {
    const { exemplars } = state
    const { time } = state.timeline
    const hasExemplars = this.#isOpen && exemplars.length > 0
    let previous = Number.NEGATIVE_INFINITY
    const bucket = (bound: number, count: number): void => {
      this.#name(this.#family.bucket, this.#bounds.le(bound))
      this.#count(count)
      this.#endSample(time, hasExemplars ? exemplarBetween(exemplars, previous, bound) : undefined)
      previous = bound
    }
    state.eachBucket(bucket)
    bucket(Number.POSITIVE_INFINITY, state.count)
    this.#total(state)
  }

  #summary(state: SummaryState): void {
    for (const { quantile, value } of state.quantiles) {
      this.#name(this.#family.sample, this.#bounds.quantile(quantile))
      this.#value(value)
      this.#endSample(state.timeline.time)
    }
    this.#total(state)
  }

  #total({ sum, count, timeline }: HistogramState | SummaryState): void {
    this.#name(this.#family.sum)
    this.#value(sum)
    this.#endSample(timeline.time)
    this.#name(this.#family.count)
    this.#count(count)
    this.#endSample(timeline.time)
  }

  #created(start: Instant): void {
    const { created } = this.#family
    if (created === undefined || start.isZero) return
    this.#name(created)
    writeFloat(this.#out, Number(start.toBigInt()) / 1e9)
    this.#out.byte(NEWLINE)
  }

  /** Name and labels, as far as the value. `own` is the label that the samples of a type have among themselves. */
  #name(name: Buffer, own?: Buffer): void {
    const out = this.#out
    out.raw(name)
    out.raw(this.#labels)
    if (own !== undefined) {
      out.byte(this.#hasBraces ? COMMA : BRACE)
      out.raw(own)
    } else if (this.#hasBraces) out.raw(CLOSE)
    else out.byte(SPACE)
  }

  #value(value: number | bigint): void {
    if (this.#isOpen) writeFloat(this.#out, value)
    else writeNumber(this.#out, value)
  }

  /** OpenMetrics has integers for counts; the older format has one kind of number. */
  #count(count: number): void {
    if (this.#isOpen) writeCount(this.#out, count)
    else writeNumber(this.#out, count)
  }

  #endSample(time: Instant, exemplar?: ShownExemplar): void {
    const out = this.#out
    if (this.#options.sendTimestamps && !time.isZero) {
      out.byte(SPACE)
      if (this.#isOpen) writeFloat(out, time.millis / 1000)
      else writeCount(out, time.millis)
    }
    if (exemplar !== undefined) out.raw(exemplar.text)
    out.byte(NEWLINE)
  }
}

/** The last one that belongs into the bucket. */
function exemplarBetween(list: readonly ShownExemplar[], above: number, upTo: number): ShownExemplar | undefined {
  for (let i = list.length - 1; i >= 0; i--) if (list[i]!.value > above && list[i]!.value <= upTo) return list[i]
  return undefined
}

/** Different bounds and quantiles are few: their labels are written once. */
const MAX_BOUNDS = 4096

class BoundTexts {
  readonly #write: (out: ByteWriter, value: number) => void
  readonly #les = new Map<number, Buffer>()
  readonly #quantiles = new Map<number, Buffer>()

  constructor(write: (out: ByteWriter, value: number) => void) {
    this.#write = write
  }

  /** `le="0.5"} ` */
  le(bound: number): Buffer {
    return this.#les.get(bound) ?? this.#make(this.#les, 'le', bound)
  }
  quantile(quantile: number): Buffer {
    return this.#quantiles.get(quantile) ?? this.#make(this.#quantiles, 'quantile', quantile)
  }

  #make(texts: Map<number, Buffer>, name: string, value: number): Buffer {
    const out = new ByteWriter(48)
    out.utf8(`${name}="`)
    this.#write(out, value)
    out.utf8('"} ')
    const text = out.take()
    if (texts.size >= MAX_BOUNDS) texts.clear()
    texts.set(value, text)
    return text
  }
}

const textBounds = new BoundTexts(writeNumber)
const openBounds = new BoundTexts(writeFloat)
