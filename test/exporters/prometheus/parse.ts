// A strict reader of both text formats, for tests: what it takes, no scraper refuses.
import type { Format } from '../../../src/exporters/prometheus/samples.ts'

export interface Parsed {
  /** By name; OpenMetrics names a counter without its `_total`. */
  readonly families: ReadonlyMap<string, ParsedFamily>
}
export interface ParsedFamily {
  readonly type: string
  readonly help: string
  readonly samples: readonly ParsedSample[]
}
export interface ParsedSample {
  readonly name: string
  readonly labels: ReadonlyMap<string, string>
  readonly value: number
  readonly exemplar: ReadonlyMap<string, string> | undefined
}

/** Throws where something is not as the specifications have it. */
export function parseExposition(text: string, format: Format): Parsed {
  const families = new Map<string, { type: string; help: string; samples: ParsedSample[] }>()
  const seen = new Set<string>()
  const lines = text.split('\n')
  if (lines.pop() !== '') throw new Error('the last line does not end')
  if (format === 'openmetrics' && lines.pop() !== '# EOF') throw new Error('no # EOF at the end')
  let name = ''
  for (let i = 0; i < lines.length; i++) {
    const reader = new LineReader(lines[i]!, format)
    if (lines[i]!.startsWith('# HELP ')) {
      reader.expect('# HELP ')
      name = reader.name()
      const help = reader.expect(' ').rest()
      const type = new LineReader(lines[++i]!, format).expect('# TYPE ')
      if (type.name() !== name) throw new Error(`TYPE of another family than HELP: ${lines[i]}`)
      if (families.has(name)) throw new Error(`described twice: ${name}`)
      families.set(name, { type: type.expect(' ').rest(), help, samples: [] })
      continue
    }
    const sample = reader.sample()
    const family = families.get(name)
    if (family === undefined || !belongs(sample, name, family.type, format))
      throw new Error(`a sample that is not its family's (${name}, ${family?.type}): ${lines[i]}`)
    const key = JSON.stringify([sample.name, ...[...sample.labels].sort()])
    if (seen.has(key)) throw new Error(`given twice: ${lines[i]}`)
    seen.add(key)
    // Not in the specification, but what Prometheus takes and the collector sends: counters without _total are unknown.
    if (
      sample.exemplar !== undefined &&
      !(sample.name.endsWith('_bucket') || ['counter', 'unknown'].includes(family.type))
    )
      throw new Error(`an exemplar where none can be: ${lines[i]}`)
    family.samples.push(sample)
  }
  for (const [name, { type, samples }] of families) {
    if (samples.length === 0) throw new Error(`${name} has no samples`)
    if (type === 'histogram') checkBuckets(name, samples)
  }
  return { families }
}

function belongs({ name, labels }: ParsedSample, family: string, type: string, format: Format): boolean {
  const suffix = name.startsWith(family) ? name.slice(family.length) : undefined
  const created = format === 'openmetrics' && suffix === '_created'
  switch (type) {
    case 'counter':
      return format === 'text' ? suffix === '' : suffix === '_total' || created
    case 'gauge':
    case 'unknown':
      return suffix === ''
    case 'histogram':
      return (suffix === '_bucket' && labels.has('le')) || suffix === '_sum' || suffix === '_count' || created
    case 'summary':
      return (suffix === '' && labels.has('quantile')) || suffix === '_sum' || suffix === '_count' || created
    default:
      return false
  }
}

/** Bounds ascend, counts never fall, the last bucket is infinite and as large as the count. */
function checkBuckets(family: string, samples: readonly ParsedSample[]): void {
  let bound = Number.NEGATIVE_INFINITY
  let count = 0
  for (const { name, labels, value } of samples) {
    if (name === `${family}_created`) continue
    if (name === `${family}_bucket`) {
      const le = numberOf(labels.get('le')!)
      if (!(le > bound) || value < count)
        throw new Error(`${family}: bucket ${le} after ${bound}, ${value} after ${count}`)
      bound = le
      count = value
    } else {
      if (bound !== Number.POSITIVE_INFINITY) throw new Error(`${family} has no infinite bucket`)
      if (name === `${family}_count`) {
        if (value !== count) throw new Error(`${family}: count ${value}, last bucket ${count}`)
        bound = Number.NEGATIVE_INFINITY
        count = 0
      }
    }
  }
}

function numberOf(text: string): number {
  if (!/^(?:[+-]?Inf|NaN|-?(?:\d+\.?\d*|\.\d+)(?:e[+-]\d\d+)?)$/.test(text)) throw new Error(`no number: ${text}`)
  return Number(text.replace('Inf', 'Infinity'))
}

class LineReader {
  readonly #line: string
  readonly #format: Format
  #at = 0

  constructor(line: string, format: Format) {
    this.#line = line
    this.#format = format
  }

  expect(text: string): this {
    if (!this.#line.startsWith(text, this.#at)) throw new Error(`expected ${text} at ${this.#at} of ${this.#line}`)
    this.#at += text.length
    return this
  }
  rest(): string {
    return this.#line.slice(this.#at)
  }
  #is(text: string): boolean {
    return this.#line.startsWith(text, this.#at)
  }
  #match(pattern: RegExp): string {
    const sticky = new RegExp(pattern.source, 'suy')
    sticky.lastIndex = this.#at
    const found = sticky.exec(this.#line)
    if (found === null) throw new Error(`expected ${pattern} at ${this.#at} of ${this.#line}`)
    this.#at = sticky.lastIndex
    return found[0]
  }

  /** A metric's, plain or quoted. */
  name(): string {
    return this.#is('"') ? this.#quoted() : this.#match(/[a-zA-Z_:][a-zA-Z0-9_:]*/)
  }
  #quoted(): string {
    const text = this.#match(/"(?:[^"\\\n]|\\["\\n])*"/)
    return text.slice(1, -1).replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char))
  }

  sample(): ParsedSample {
    const plain = this.#is('{') ? undefined : this.name()
    const labels = new Map<string, string>()
    const quoted = this.#is('{') ? this.#braces(labels) : undefined
    const name = plain ?? quoted
    if (name === undefined || (plain !== undefined && quoted !== undefined)) throw new Error(`no name: ${this.#line}`)
    const value = numberOf(this.expect(' ').#match(/[^ ]+/))
    if (this.#is(' ') && !this.#is(' # ')) numberOf(this.expect(' ').#match(/[^ ]+/))
    const exemplar = this.#is(' # ') ? this.#exemplar() : undefined
    if (this.rest() !== '') throw new Error(`something after the sample: ${this.#line}`)
    return { name, labels, value, exemplar }
  }

  #exemplar(): ReadonlyMap<string, string> {
    if (this.#format === 'text') throw new Error(`an exemplar in the text format: ${this.#line}`)
    const labels = new Map<string, string>()
    this.expect(' # ').#braces(labels)
    numberOf(this.expect(' ').#match(/[^ ]+/))
    if (this.#is(' ')) numberOf(this.expect(' ').#match(/[^ ]+/))
    const size = [...labels].reduce((sum, [name, value]) => sum + [...name].length + [...value].length, 0)
    if (size > 128) throw new Error(`an exemplar of ${size} characters: ${this.#line}`)
    return labels
  }

  /** Returns the name of the metric when it stands inside. */
  #braces(labels: Map<string, string>): string | undefined {
    this.expect('{')
    let metric: string | undefined
    for (let isFirst = true; !this.#is('}'); isFirst = false) {
      if (!isFirst) this.expect(',')
      const isQuoted = this.#is('"')
      const name = isQuoted ? this.#quoted() : this.#match(/[a-zA-Z_][a-zA-Z0-9_]*/)
      if (!this.#is('=')) {
        if (!isFirst || !isQuoted) throw new Error(`a label without a value: ${this.#line}`)
        metric = name
        continue
      }
      if (labels.has(name) || name.startsWith('__')) throw new Error(`label ${name}: ${this.#line}`)
      this.expect('=')
      labels.set(name, this.#quoted())
    }
    this.expect('}')
    return metric
  }
}
