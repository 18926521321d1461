// A client that can say anything: frames as the test writes them, and what the server sends back.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Test } from 'tap'
import { FLAG, FRAME, PREFACE, readUint24, readUint31 } from '../../src/net/http2/frames.ts'
import { HpackDecoder } from '../../src/net/http2/hpack.ts'

export interface Frame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

export type Fields = readonly (readonly [name: string, value: string])[]

export class RawHttp2 {
  readonly socket: Socket
  readonly frames: Frame[] = []
  readonly closed: Promise<unknown>
  readonly #decoder = new HpackDecoder()
  #received = Buffer.alloc(0)
  #wake: () => void = () => {}

  private constructor(socket: Socket) {
    this.socket = socket
    this.closed = once(socket, 'close').catch(() => {})
    socket.on('error', () => {})
    socket.on('close', () => this.#wake())
    socket.on('data', (bytes: Buffer) => this.#onData(bytes))
  }

  /** Connected, with preface and empty SETTINGS said unless `says` is something else. */
  static async open(
    t: Test,
    port: number,
    says: Buffer = Buffer.concat([PREFACE, frame(FRAME.SETTINGS, 0, 0)]),
  ): Promise<RawHttp2> {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    return RawHttp2.on(t, socket, says)
  }

  /** On a connection that is open, such as one of TLS. */
  static on(t: Test, socket: Socket, says: Buffer = Buffer.concat([PREFACE, frame(FRAME.SETTINGS, 0, 0)])): RawHttp2 {
    t.teardown(() => socket.destroy())
    const client = new RawHttp2(socket)
    socket.write(says)
    return client
  }

  #onData(bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes])
    while (this.#received.length >= 9) {
      const length = readUint24(this.#received, 0)
      if (this.#received.length < 9 + length) break
      this.frames.push({
        type: this.#received[3]!,
        flags: this.#received[4]!,
        stream: readUint31(this.#received, 5),
        payload: this.#received.subarray(9, 9 + length),
      })
      this.#received = this.#received.subarray(9 + length)
    }
    this.#wake()
  }

  /** What came and was no HTTP/2. */
  get rest(): string {
    return this.#received.toString('latin1')
  }

  send(type: number, flags: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): void {
    this.socket.write(frame(type, flags, stream, payload))
  }

  headers(stream: number, fields: Fields, flags: number = FLAG.END_HEADERS): void {
    this.send(FRAME.HEADERS, flags, stream, blockOf(fields))
  }

  data(stream: number, payload: Uint8Array, flags: number = FLAG.END_STREAM): void {
    let at = 0
    for (; payload.length - at > 16_384; at += 16_384)
      this.send(FRAME.DATA, 0, stream, payload.subarray(at, at + 16_384))
    this.send(FRAME.DATA, flags, stream, payload.subarray(at))
  }

  /** The next frame of that type (and stream) that nobody has asked for yet; undefined when the connection closes first. */
  async next(type: number, stream?: number): Promise<Frame | undefined> {
    for (;;) {
      const at = this.frames.findIndex((one) => one.type === type && (stream === undefined || one.stream === stream))
      if (at !== -1) return this.frames.splice(at, 1)[0]
      if (this.socket.destroyed) return undefined
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  /** The fields of an answer's first header block and of its trailers, in one. */
  async answer(stream: number): Promise<Record<string, string>> {
    const fields: Record<string, string> = {}
    for (;;) {
      const headers = await this.next(FRAME.HEADERS, stream)
      if (headers === undefined) return fields
      this.#decoder.decode(headers.payload, 0, headers.payload.length, {
        add: ({ name, value }) => void (fields[name] = value),
      })
      if ((headers.flags & FLAG.END_STREAM) !== 0) return fields
    }
  }

  /** The code of the GOAWAY or RST_STREAM that comes next. */
  async code(type: typeof FRAME.GOAWAY | typeof FRAME.RST_STREAM, stream?: number): Promise<number | undefined> {
    const found = await this.next(type, stream)
    return found?.payload.readUInt32BE(type === FRAME.GOAWAY ? 4 : 0)
  }
}

export function frame(type: number, flags: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(9)
  header.writeUIntBE(payload.length, 0, 3)
  header[3] = type
  header[4] = flags
  header.writeUInt32BE(stream, 5)
  return Buffer.concat([header, payload])
}

/** Literals that enter no table. */
export function blockOf(fields: Fields): Buffer {
  return Buffer.concat(
    fields.flatMap(([name, value]) => [
      Buffer.from([0]),
      ...[name, value].map((text) => stringOf(Buffer.from(text, 'latin1'))),
    ]),
  )
}

function stringOf(bytes: Buffer): Buffer {
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes])
  const size = [127]
  let left = bytes.length - 127
  for (; left > 127; left >>>= 7) size.push((left & 127) | 128)
  return Buffer.concat([Buffer.from([...size, left]), bytes])
}

export const EXPORT = '/opentelemetry.proto.collector.trace.v1.TraceService/Export'

export const callHeaders = (...more: Fields): Fields => [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', EXPORT],
  [':authority', 'localhost'],
  ['content-type', 'application/grpc'],
  ['te', 'trailers'],
  ...more,
]

/** A gRPC message: flag, length, content. */
export function message(content: Uint8Array, flag = 0, length = content.length): Buffer {
  const prefix = Buffer.alloc(5)
  prefix[0] = flag
  prefix.writeUInt32BE(length, 1)
  return Buffer.concat([prefix, content])
}
