// Cuts what comes from a socket into frames. DATA passes through in pieces; every other frame is handed over whole.
import { freeRead } from '../assembly.ts'
import { CODE, FLAG, FRAME, FRAME_HEADER_BYTES, MAX_FRAME_BYTES, PREFACE, readUint24, readUint31 } from './frames.ts'
import { ProtocolError } from './protocol-error.ts'

export interface FrameEvents {
  /** Any frame but DATA; the bytes are valid until it returns. */
  onFrame(type: number, flags: number, stream: number, bytes: Buffer, start: number, end: number): void
  /** A DATA frame begins; `length` is what counts for flow control. */
  onDataFrame(stream: number, isLast: boolean, length: number, isEmpty: boolean): void
  /** A piece of it, without padding. Returns whether some of `bytes` is kept. */
  onData(bytes: Buffer, start: number, end: number): boolean
  onDataEnd(): void
  /** The first bytes are not HTTP/2. */
  onForeign(): void
}

export class FrameReader {
  readonly #events: FrameEvents
  /** The beginning of a frame whose rest has not come yet. */
  #carry: Buffer | undefined
  #hasPreface = false
  /** Somebody keeps a part of what is being read. */
  #isKept = false
  #dataLeft = 0
  #paddingLeft = 0
  isStopped = false

  constructor(events: FrameEvents) {
    this.#events = events
  }

  read(incoming: Buffer): void {
    let chunk = incoming
    this.#isKept = false
    if (this.#carry !== undefined) {
      chunk = Buffer.concat([this.#carry, incoming])
      this.#carry = undefined
    }
    const at = this.#hasPreface ? this.#frames(chunk, 0) : this.#preface(chunk)
    if (at < chunk.length && !this.isStopped) this.#carry = chunk.subarray(at)
    else if (!this.#isKept) freeRead(chunk)
  }

  #preface(chunk: Buffer): number {
    const length = Math.min(chunk.length, PREFACE.length)
    if (chunk.compare(PREFACE, 0, length, 0, length) !== 0) {
      this.isStopped = true
      this.#events.onForeign()
      return 0
    }
    if (length < PREFACE.length) return 0
    this.#hasPreface = true
    return this.#frames(chunk, length)
  }

  /** As many as there are. Returns where the part begins that needs more bytes. */
  #frames(chunk: Buffer, from: number): number {
    const end = chunk.length
    let at = from
    while (at < end && !this.isStopped) {
      if (this.#dataLeft > 0 || this.#paddingLeft > 0) {
        at = this.#data(chunk, at)
        continue
      }
      const payload = at + FRAME_HEADER_BYTES
      if (payload > end) break
      const length = readUint24(chunk, at)
      const type = chunk[at + 3]!
      const flags = chunk[at + 4]!
      if (length > MAX_FRAME_BYTES) throw new ProtocolError(CODE.FRAME_SIZE_ERROR, 'a frame is too long')
      const isPadded = type === FRAME.DATA && (flags & FLAG.PADDED) !== 0
      if (payload + (type !== FRAME.DATA ? length : isPadded ? 1 : 0) > end) break
      const stream = readUint31(chunk, at + 5)
      if (type === FRAME.DATA) at = this.#beginData(chunk, payload, length, flags, stream)
      else {
        at = payload + length
        this.#events.onFrame(type, flags, stream, chunk, payload, at)
      }
    }
    return at
  }

  /** DATA = [length of padding (8)], data, padding */
  #beginData(chunk: Buffer, payload: number, length: number, flags: number, stream: number): number {
    const isPadded = (flags & FLAG.PADDED) !== 0
    if (isPadded && length === 0) throw new ProtocolError(CODE.FRAME_SIZE_ERROR, 'padding without its length')
    const padding = isPadded ? chunk[payload]! : 0
    const lengthBytes = isPadded ? 1 : 0
    if (padding + lengthBytes > length) throw new ProtocolError(CODE.PROTOCOL_ERROR, 'padding longer than its frame')
    this.#dataLeft = length - lengthBytes - padding
    this.#paddingLeft = padding
    this.#events.onDataFrame(stream, (flags & FLAG.END_STREAM) !== 0, length, this.#dataLeft === 0)
    if (this.#dataLeft === 0 && padding === 0) this.#events.onDataEnd()
    return payload + lengthBytes
  }

  #data(chunk: Buffer, at: number): number {
    const dataEnd = Math.min(chunk.length, at + this.#dataLeft)
    this.#dataLeft -= dataEnd - at
    if (dataEnd > at && this.#events.onData(chunk, at, dataEnd)) this.#isKept = true
    const end = Math.min(chunk.length, dataEnd + this.#paddingLeft)
    this.#paddingLeft -= end - dataEnd
    if (this.#dataLeft === 0 && this.#paddingLeft === 0) this.#events.onDataEnd()
    return end
  }
}
