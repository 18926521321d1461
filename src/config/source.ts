// A text that config comes from, and where its lines are.

/** Where something stands, for people: lines and columns count from 1, columns in characters. */
export interface Location {
  /** `config.yaml`, `env:AOT_CONFIG_CONTENT`, `--set a::b`. */
  readonly source: string
  readonly line: number
  readonly column: number
  /** The line itself, secrets hidden, and how many of its characters are meant. */
  readonly text?: string
  readonly length?: number
}

/** A stretch of a source: offsets into its text, `end` behind the last character. */
export interface Span {
  readonly source: Source
  readonly start: number
  readonly end: number
}

export class Source {
  /** As people know it; never with a secret in it. */
  readonly name: string
  readonly text: string
  /** All of it must not be shown: the value of `--set x::token=…`. */
  readonly isSecret: boolean
  /** Where relative paths in it start: the folder of a file; undefined for what is no file. */
  readonly directory: string | undefined
  /** Offsets of the first character of each line; made when first asked for. */
  #lineStarts: number[] | undefined

  constructor(name: string, text: string, of: { readonly isSecret?: boolean; readonly directory?: string } = {}) {
    this.name = name
    this.text = text
    this.isSecret = of.isSecret ?? false
    this.directory = of.directory
  }

  /** Zero-based line of an offset. */
  lineOf(offset: number): number {
    const starts = this.#starts()
    let low = 0
    let high = starts.length
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (starts[middle]! <= offset) low = middle
      else high = middle
    }
    return low
  }

  /** The text of a zero-based line, without its end. */
  line(index: number): string {
    const starts = this.#starts()
    const end = starts[index + 1] ?? this.text.length + 1
    return this.text.slice(starts[index], end - 1).replace(/\r$/, '')
  }

  startOf(index: number): number {
    return this.#starts()[index] ?? this.text.length
  }

  #starts(): number[] {
    if (this.#lineStarts) return this.#lineStarts
    const starts = [0]
    for (let at = this.text.indexOf('\n'); at >= 0; at = this.text.indexOf('\n', at + 1)) starts.push(at + 1)
    this.#lineStarts = starts
    return starts
  }
}

export const spanOf = (source: Source): Span => ({ source, start: 0, end: source.text.length })
