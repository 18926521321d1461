// A bulk request: action lines and documents, NDJSON, and where each document stands in it, so that what is left after an
// answer is cut out of the bytes that are there and nothing is encoded twice.
//
//   {"create":{"_index":"…"}}\n{"@timestamp":…}\n{"create":…
import type { Drop, Outgoing } from '../delivery/index.ts'
import { JsonWriter } from '../wire/json.ts'
import { SHARED } from '../wire/writer.ts'

export interface BulkRequest {
  readonly body: Buffer
  /** Where each document's action line begins; the end of the body last. */
  readonly starts: readonly number[]
  /**
   * Items that end with the document: one for a span, none for a document of one of its events, several for a document that
   * has several data points. Documents of one item stand in a row, the item with the first that is left of them.
   */
  readonly weights: readonly number[]
  /** By position: the reason why the item of this document is lost, whatever becomes of the document. */
  readonly losses: ReadonlyMap<number, string>
  /** How often it has been tried. */
  readonly attempts: number
  /** Nobody knows what became of an attempt: documents may be there already. */
  readonly isUncertain: boolean
}

/** An answer has a few hundred bytes for each document that is refused, and 4 MiB at most are read. */
const MAX_DOCUMENTS = 5000

/** Ends a document, or takes it back when there was a problem with it, and counts its items as lost for that reason. */
export type EndOrDrop = (problem: string | undefined, drop: Drop) => void

/** Documents as they are written, cut into requests of a size, between items. */
export class BulkWriter {
  readonly json = new JsonWriter(SHARED)
  readonly #maxBytes: number
  #requests: Outgoing<BulkRequest>[] = []
  #starts: number[] = []
  #weights: number[] = []
  /** The first document of the item at hand. */
  #item = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Begins a document with its action line; it is to be written to `json`, then `end`. `weight`: see BulkRequest. */
  begin(action: Buffer, weight: number): void {
    if (weight > 0) this.#endItem()
    this.#starts.push(this.json.out.length)
    this.#weights.push(weight)
    this.json.raw(action)
  }

  end(): void {
    this.json.newline()
  }

  readonly #endOrDrop: EndOrDrop = (problem, drop) => {
    if (problem === undefined) return this.end()
    this.json.out.length = this.#starts.pop()!
    drop(this.#weights.pop()!, problem)
  }

  /** What `run` writes; nothing of it stays when it throws. */
  write(run: (end: EndOrDrop) => void): Outgoing<BulkRequest>[] {
    try {
      run(this.#endOrDrop)
      return this.#take()
    } finally {
      this.json.giveBack()
      this.#requests = []
      this.#starts = []
      this.#weights = []
      this.#item = 0
    }
  }

  #take(): Outgoing<BulkRequest>[] {
    this.#endItem()
    this.#seal(this.#starts.length)
    return this.#requests
  }

  /** When the item has made the request too large, those before it go without it; it may be too large alone. */
  #endItem(): void {
    if (this.json.out.length > this.#maxBytes || this.#starts.length > MAX_DOCUMENTS) {
      this.#seal(this.#item)
      if (this.json.out.length > this.#maxBytes) this.#seal(this.#starts.length)
    }
    this.#item = this.#starts.length
  }

  #seal(documents: number): void {
    if (documents === 0) return
    const { out } = this.json
    const starts = this.#starts.splice(0, documents)
    const weights = this.#weights.splice(0, documents)
    const end = this.#starts[0] ?? out.length
    const body = Buffer.allocUnsafeSlow(end)
    out.bytes.copy(body, 0, 0, end)
    starts.push(end)
    this.#requests.push(outgoingOf({ body, starts, weights, losses: NO_LOSSES, attempts: 0, isUncertain: false }))
    out.bytes.copyWithin(0, end, out.length)
    out.length -= end
    for (let i = 0; i < this.#starts.length; i++) this.#starts[i]! -= end
  }
}

const NO_LOSSES: ReadonlyMap<number, string> = new Map()

export const outgoingOf = (request: BulkRequest): Outgoing<BulkRequest> => {
  let items = 0
  for (const weight of request.weights) items += weight
  return { request, items }
}

export const documentsOf = ({ starts }: BulkRequest): number => starts.length - 1

/** Action line and document. */
export const documentAt = ({ body, starts }: BulkRequest, position: number): Buffer =>
  body.subarray(starts[position], starts[position + 1])

/** The documents at these positions (ascending) with these weights, and losses by position in the result. */
export function requestOf(
  of: BulkRequest,
  positions: readonly number[],
  weights: readonly number[],
  losses: ReadonlyMap<number, string>,
): Outgoing<BulkRequest> {
  const documents = positions.map((position) => documentAt(of, position))
  const starts = [0]
  for (const { length } of documents) starts.push(starts.at(-1)! + length)
  const { attempts, isUncertain } = of
  return outgoingOf({ body: Buffer.concat(documents), starts, weights, losses, attempts: attempts + 1, isUncertain })
}

/** Halves, cut between items; undefined when there is one item only. */
export function splitRequest(of: BulkRequest): Outgoing<BulkRequest>[] | undefined {
  const { body, starts, weights, losses, attempts, isUncertain } = of
  const count = weights.length
  const middle = body.length / 2
  let cut = -1
  for (let i = 1; i < count; i++)
    if (weights[i]! > 0 && (cut < 0 || Math.abs(starts[i]! - middle) < Math.abs(starts[cut]! - middle))) cut = i
  if (cut < 0) return undefined
  const part = (from: number, to: number): Outgoing<BulkRequest> =>
    outgoingOf({
      body: body.subarray(starts[from], starts[to]),
      starts: starts.slice(from, to + 1).map((start) => start - starts[from]!),
      weights: weights.slice(from, to),
      losses: new Map([...losses].filter(([at]) => at >= from && at < to).map(([at, reason]) => [at - from, reason])),
      attempts,
      isUncertain,
    })
  return [part(0, cut), part(cut, count)]
}
