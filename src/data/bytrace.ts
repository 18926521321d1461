// Traces apart: the spans of each in a batch of their own, with resource and scope around them again.
import { readVarint, skip, varintEnd } from '../wire/reader.ts'
import { ByteWriter } from '../wire/writer.ts'
import { Batch, chunkOf, concat } from './batch.ts'
import { shellOf } from './cut.ts'
import { SMALL_BYTES } from './gather.ts'
import { levelsOf } from './signal.ts'
import { Slab } from './slab.ts'

const RESOURCE_SPANS = 0x0a
const SCOPE_SPANS = 0x12
const SPAN = 0x12
const TRACE_ID = 0x0a
const [, resourceShape, scopeShape] = levelsOf.traces

/** What is around the spans of a scope; shells are ranges, from and to in turn. */
interface Around {
  readonly bytes: Buffer
  /** The same object for the scopes of one resource. */
  readonly resourceShell: readonly number[]
  readonly scopeShell: readonly number[]
}

class Trace {
  items = 0
  /** Spans in a row of one scope: the index of what is around them, from, to. */
  readonly runs: number[] = []

  add(around: number, start: number, end: number): void {
    this.items++
    const { runs } = this
    const last = runs.length - 1
    if (last > 0 && runs[last] === start && runs[last - 2] === around) runs[last] = end
    else runs.push(around, start, end)
  }
}

/** For one owner: the parts share memory with those that it makes before and after, until `joinTraces` copies them. */
export class TraceSplitter {
  readonly #slab = new Slab()
  readonly #out = new ByteWriter(SMALL_BYTES)
  #traces = new Map<string, Trace>()
  #arounds: Around[] = []
  /** Where the trace id was last found: spans of a trace often stand in a row. */
  #bytes = EMPTY
  #from = 0
  #to = 0
  #last: Trace | undefined

  /**
   * By trace, in the order of the first spans; the key is the `mapKey` of the trace id, empty for none. The batch itself when
   * it has one trace only.
   */
  split(batch: Batch<'traces'>): Map<string, Batch<'traces'>> {
    for (const { bytes } of Batch.chunksOf(batch)) this.#chunk(bytes)
    const parts = new Map<string, Batch<'traces'>>()
    for (const [key, trace] of this.#traces) parts.set(key, this.#traces.size === 1 ? batch : this.#write(trace))
    this.#traces = new Map()
    this.#arounds = []
    this.#bytes = EMPTY
    this.#last = undefined
    return parts
  }

  #chunk(bytes: Buffer): void {
    eachInside(bytes, 0, bytes.length, RESOURCE_SPANS, (_, at, end) => {
      const resourceShell = shellOf(bytes, resourceShape!, at, end)
      eachInside(bytes, at, end, SCOPE_SPANS, (_, scopeAt, scopeEnd) => {
        const around = this.#arounds.length
        this.#arounds.push({ bytes, resourceShell, scopeShell: shellOf(bytes, scopeShape!, scopeAt, scopeEnd) })
        eachInside(bytes, scopeAt, scopeEnd, SPAN, (from, spanAt, to) =>
          this.#traceOf(bytes, spanAt, to).add(around, from, to),
        )
      })
    })
  }

  #traceOf(bytes: Buffer, at: number, end: number): Trace {
    let [from, to] = [0, 0]
    while (at < end) {
      const tag = readVarint(bytes, at)
      const lengthAt = varintEnd
      at = skip(bytes, lengthAt, tag)
      if (tag !== TRACE_ID) continue
      readVarint(bytes, lengthAt)
      from = varintEnd
      to = at
    }
    if (this.#last !== undefined && isEqual(bytes, from, to, this.#bytes, this.#from, this.#to)) return this.#last
    const key = isZero(bytes, from, to) ? '' : bytes.latin1Slice(from, to)
    let trace = this.#traces.get(key)
    if (trace === undefined) {
      trace = new Trace()
      this.#traces.set(key, trace)
    }
    this.#bytes = bytes
    this.#from = from
    this.#to = to
    this.#last = trace
    return trace
  }

  #write({ runs, items }: Trace): Batch<'traces'> {
    const out = this.#out
    out.clear()
    let inside: Around | undefined
    let resourceAt = 0
    let scopeAt = 0
    for (let i = 0; i < runs.length; i += 3) {
      const around = this.#arounds[runs[i]!]!
      if (around !== inside) {
        const isSameResource = around.resourceShell === inside?.resourceShell
        if (inside !== undefined) out.endPaddedLength(scopeAt)
        if (inside !== undefined && !isSameResource) out.endPaddedLength(resourceAt)
        if (!isSameResource) resourceAt = open(out, RESOURCE_SPANS, around.bytes, around.resourceShell)
        scopeAt = open(out, SCOPE_SPANS, around.bytes, around.scopeShell)
        inside = around
      }
      out.raw(around.bytes, runs[i + 1], runs[i + 2])
    }
    out.endPaddedLength(scopeAt)
    out.endPaddedLength(resourceAt)
    const bytes = this.#slab.allocate(out.length)
    out.bytes.copy(bytes, 0, 0, out.length)
    return Batch.of('traces', [chunkOf(bytes, items)])
  }
}

/** Small ones copied into memory of their own, which keeps nothing else alive; large ones as `concat` does it. */
export function joinTraces(parts: readonly [Batch<'traces'>, ...Batch<'traces'>[]]): Batch<'traces'> {
  const whole = concat(parts)
  if (whole.sizeBytes > SMALL_BYTES) return whole
  const bytes = Buffer.allocUnsafeSlow(whole.sizeBytes)
  let at = 0
  for (const chunk of Batch.chunksOf(whole)) at += chunk.bytes.copy(bytes, at)
  return Batch.of('traces', [chunkOf(bytes, whole.items)])
}

/** `from` is where the tag stands, `start` where the content does. */
function eachInside(
  bytes: Buffer,
  at: number,
  end: number,
  wanted: number,
  visit: (from: number, start: number, end: number) => void,
): void {
  while (at < end) {
    const from = at
    const tag = readVarint(bytes, at)
    const lengthAt = varintEnd
    at = skip(bytes, lengthAt, tag)
    if (tag !== wanted) continue
    readVarint(bytes, lengthAt)
    visit(from, varintEnd, at)
  }
}

/** The length that it gives back is to be ended. */
function open(out: ByteWriter, tag: number, bytes: Buffer, shell: readonly number[]): number {
  out.byte(tag)
  const at = out.beginPaddedLength()
  for (let i = 0; i < shell.length; i += 2) out.raw(bytes, shell[i], shell[i + 1])
  return at
}

function isEqual(a: Buffer, aFrom: number, aTo: number, b: Buffer, bFrom: number, bTo: number): boolean {
  if (aTo - aFrom !== bTo - bFrom) return false
  while (aFrom < aTo) if (a[aFrom++] !== b[bFrom++]) return false
  return true
}

function isZero(bytes: Buffer, from: number, to: number): boolean {
  while (from < to) if (bytes[from++] !== 0) return false
  return true
}

const EMPTY: Buffer = Buffer.alloc(0)
