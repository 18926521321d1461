// Texts of labels and metadata: one object for each, however many series have it. The second version of remote write sends them as
// numbers: those of a request begin anew.
import { ByteWriter, varintSize } from '../../wire/writer.ts'

export class Term {
  readonly text: string
  /** Its number, in the request of which that is the number. */
  request = 0
  ref = 0

  constructor(text: string) {
    this.text = text
  }
}

export class Terms {
  readonly #known = new Map<string, Term>()

  of(text: string): Term {
    let term = this.#known.get(text)
    if (term === undefined) this.#known.set(text, (term = new Term(text)))
    return term
  }

  find(text: string): Term | undefined {
    return this.#known.get(text)
  }

  /** Terms in use stay with their users. */
  clear(): void {
    this.#known.clear()
  }
}

let requests = 0

/** Texts of a request, each once. The first is empty, as the specification wants it. */
export class SymbolTable {
  readonly #request = ++requests
  readonly #list: Term[] = [EMPTY]
  /** Texts of exemplars that nothing else has. */
  readonly #others = new Terms()
  readonly #terms: Terms
  sizeBytes = 2

  constructor(terms: Terms) {
    this.#terms = terms
  }

  ref(term: Term): number {
    if (term.request === this.#request) return term.ref
    return this.#add(term)
  }

  refOfText(text: string): number {
    return this.ref(this.#terms.find(text) ?? this.#others.of(text))
  }

  #add(term: Term): number {
    if (term.text === '') return 0
    term.request = this.#request
    term.ref = this.#list.length
    this.#list.push(term)
    this.sizeBytes += symbolBytes(term.text)
    return term.ref
  }

  get count(): number {
    return this.#list.length
  }

  /** Only so many, the first ones. */
  cut(count: number): void {
    for (const term of this.#list.splice(count)) {
      term.request = 0
      this.sizeBytes -= symbolBytes(term.text)
    }
  }

  encode(): Buffer {
    const out = new ByteWriter(this.sizeBytes + 1024)
    for (const { text } of this.#list) {
      out.byte(0x22)
      out.text(text)
    }
    return out.take()
  }
}

const EMPTY = new Term('')

/** Tag, length and text. */
const symbolBytes = (text: string): number => {
  const size = Buffer.byteLength(text)
  return 1 + varintSize(size) + size
}
