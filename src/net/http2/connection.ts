// The server's side of one HTTP/2 connection, RFC 9113, for requests that are answered at once: a head, a body that fits a
// frame, trailers. By hand, because node:http2 costs three times the CPU for a small request.
import type { Socket } from 'node:net'
import { NOT_HTTP2 } from './foreign.ts'
import { type FrameEvents, FrameReader } from './frame-reader.ts'
import {
  CODE,
  DEFAULT_WINDOW,
  FLAG,
  FRAME,
  MAX_FRAME_BYTES,
  MAX_WINDOW,
  readUint31,
  readUint32,
  SETTING,
} from './frames.ts'
import { HeaderBlocks } from './header-blocks.ts'
import { CompressionError, HpackDecoder } from './hpack.ts'
import { ProtocolError } from './protocol-error.ts'
import { CONNECTION_WINDOW, ReceiveWindows, STREAM_WINDOW } from './receive-windows.ts'
import { type Answer, Sender } from './sender.ts'
import { Http2Stream, RequestHead, type StreamHandler } from './stream.ts'

export interface ConnectionLimits {
  readonly maxStreams: number
  readonly maxHeaderListBytes: number
  /** Whether requests keep all their headers. */
  readonly keepsHeaders: boolean
}

/** Whoever serves the requests of a connection. */
export interface ConnectionEvents {
  /** A request's headers are whole; its handler takes the body. Undefined when it was answered already. */
  onRequest(stream: Http2Stream): StreamHandler | undefined
  /** False when there are too many. */
  onPing(): boolean
  onPong(): void
  /** An answer has left. */
  onAnswered(): void
  /** A connection or a stream is turned away; `cause` says which rule of HTTP/2 the client broke. */
  onRefused(reason: string, cause?: string): void
  /** A mistake of this agent, which has cost the connection. */
  onFault(error: unknown): void
  onClose(): void
}

/** Frames that make work and carry nothing: so many at once, and so many more a second. */
const MAX_IDLE_FRAMES = 1000
const IDLE_FRAMES_PER_SECOND = 100
/** How much is still read, and for how long, from a client that was told to go. */
const LINGER_BYTES = 1024 * 1024
const LINGER_SECONDS = 2
/** Streams that we have ended and the client may not know it yet. */
const MAX_REMEMBERED = 256

export class Http2Connection implements FrameEvents {
  readonly #socket: Socket
  readonly #limits: ConnectionLimits
  readonly #events: ConnectionEvents
  readonly #reader = new FrameReader(this)
  readonly #decoder = new HpackDecoder()
  readonly #sender: Sender
  readonly #windows: ReceiveWindows
  readonly #blocks: HeaderBlocks
  readonly #streams = new Map<number, Http2Stream>()
  readonly #ended = new Set<number>()
  #hasSettings = false
  #isDraining = false
  #lastStream = 0
  /** Of the DATA frame that is being read. */
  #dataStream: Http2Stream | undefined
  #dataEnds = false
  #idleFrames = MAX_IDLE_FRAMES
  #second = 0
  /** The second in which the connection is to be closed, come what may. */
  endsAt = Infinity
  /** The second in which something came from the client. */
  lastReadAt = 0

  constructor(socket: Socket, limits: ConnectionLimits, events: ConnectionEvents) {
    this.#socket = socket
    this.#limits = limits
    this.#events = events
    this.#sender = new Sender(socket, (stream) => this.#onAnswered(stream))
    this.#windows = new ReceiveWindows(this.#sender)
    this.#blocks = new HeaderBlocks(2 * limits.maxHeaderListBytes, this.#onBlock)
    socket.on('data', this.#onSocketData)
    socket.on('error', () => {})
    socket.on('close', this.#onSocketClose)
    this.#sender.settings([
      [SETTING.MAX_CONCURRENT_STREAMS, limits.maxStreams],
      [SETTING.INITIAL_WINDOW_SIZE, STREAM_WINDOW],
      [SETTING.MAX_HEADER_LIST_SIZE, limits.maxHeaderListBytes],
    ])
    this.#sender.giveWindow(0, CONNECTION_WINDOW - DEFAULT_WINDOW)
  }

  get openStreams(): number {
    return this.#streams.size
  }
  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress
  }

  /** Whether the client has introduced itself and is not in the middle of headers. */
  get isReady(): boolean {
    return this.#hasSettings && !this.#blocks.isOpen
  }

  /** Once a second, with the age of the connection. */
  onSecond(second: number): void {
    this.#second = second
    this.#idleFrames = Math.min(MAX_IDLE_FRAMES, this.#idleFrames + IDLE_FRAMES_PER_SECOND)
    for (const stream of this.#streams.values()) stream.handler?.onSecond(second - stream.openedAt)
  }

  ping(): void {
    this.#sender.ping()
  }

  /** The answer to a request, which ends its stream. Nothing when the client has given up. */
  answer(stream: Http2Stream, answer: Answer): void {
    if (!stream.isGone) this.#sender.answer(stream, answer)
  }

  /** Of a stream that was held: its client may go on sending. */
  release(stream: Http2Stream): void {
    this.#windows.release(stream)
  }

  #onAnswered(stream: Http2Stream): void {
    this.#forget(stream)
    this.#events.onAnswered()
  }

  /** No more requests; those under way are finished, then the connection ends. */
  drain(reason = ''): void {
    if (this.#isDraining) return
    this.#isDraining = true
    this.#sender.goAway(this.#lastStream, CODE.NO_ERROR, reason)
    this.#endWhenDrained()
  }

  close(): void {
    this.#socket.destroy()
  }

  readonly #onSocketData = (chunk: Buffer): void => {
    this.lastReadAt = this.#second
    try {
      this.#reader.read(chunk)
    } catch (error) {
      if (error instanceof ProtocolError) this.#fail(error.code, error.message)
      else if (error instanceof CompressionError) this.#fail(CODE.COMPRESSION_ERROR, error.message)
      else {
        this.#fail(CODE.INTERNAL_ERROR, 'internal error')
        this.#events.onFault(error)
      }
    }
  }

  #fail(code: number, message: string): void {
    this.#reader.isStopped = true
    this.#events.onRefused(code === CODE.ENHANCE_YOUR_CALM ? 'flood' : 'protocol_error', message)
    this.#sender.goAway(this.#lastStream, code, message)
    this.#sender.flush()
    this.#resetAll()
    this.#linger()
  }

  /** Closing on a client who still writes would take the last word from under its eyes. */
  #linger(): void {
    this.#socket.removeListener('data', this.#onSocketData)
    let leftBytes = LINGER_BYTES
    this.#socket.on('data', (chunk: Buffer) => {
      leftBytes -= chunk.length
      if (leftBytes < 0) this.#socket.destroy()
    })
    this.#socket.end()
    this.endsAt = this.#second + LINGER_SECONDS
  }

  readonly #onSocketClose = (): void => {
    this.#reader.isStopped = true
    this.#resetAll()
    this.#events.onClose()
  }

  #resetAll(): void {
    for (const stream of this.#streams.values()) {
      stream.isGone = true
      stream.handler?.onReset()
    }
    this.#streams.clear()
  }

  onForeign(): void {
    this.#events.onRefused('not_http2')
    this.#socket.write(NOT_HTTP2)
    this.#linger()
  }

  onFrame(type: number, flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    if (this.#blocks.isOpen && type !== FRAME.CONTINUATION)
      throw new ProtocolError(CODE.PROTOCOL_ERROR, 'a header block was interrupted')
    if (!this.#hasSettings && type !== FRAME.SETTINGS)
      throw new ProtocolError(CODE.PROTOCOL_ERROR, 'the first frame is not SETTINGS')
    switch (type) {
      case FRAME.HEADERS:
        return this.#onHeaders(flags, id, bytes, start, end)
      case FRAME.CONTINUATION:
        return this.#blocks.onContinuation(flags, id, bytes, start, end)
      case FRAME.WINDOW_UPDATE:
        return this.#onWindowUpdate(id, bytes, start, end)
      case FRAME.SETTINGS:
        return this.#onSettings(flags, id, bytes, start, end)
      case FRAME.PING:
        return this.#onPing(flags, id, bytes, start, end)
      case FRAME.RST_STREAM:
        return this.#onReset(id, start, end)
      case FRAME.PRIORITY:
        return this.#onPriority(id, bytes, start, end)
      case FRAME.GOAWAY:
        if (id !== 0) throw new ProtocolError(CODE.PROTOCOL_ERROR, 'GOAWAY of a stream')
        return this.#countIdleFrame()
      case FRAME.PUSH_PROMISE:
        throw new ProtocolError(CODE.PROTOCOL_ERROR, 'clients do not push')
      default:
        // 5.5: unknown types are ignored.
        return this.#countIdleFrame()
    }
  }

  onDataFrame(id: number, isLast: boolean, length: number, isEmpty: boolean): void {
    if (this.#blocks.isOpen || !this.#hasSettings || id === 0 || id > this.#lastStream)
      throw new ProtocolError(CODE.PROTOCOL_ERROR, 'DATA of no stream')
    if (isEmpty && !isLast) this.#countIdleFrame()
    const stream = this.#streams.get(id)
    this.#windows.received(stream, length, isLast)
    this.#dataEnds = isLast
    this.#dataStream = stream
    if (stream !== undefined && !stream.isRemoteDone) return
    this.#dataStream = undefined
    if (stream !== undefined) this.#giveUp(stream, CODE.STREAM_CLOSED, 'DATA after the end')
    else if (!this.#ended.has(id)) this.#reset(id, CODE.STREAM_CLOSED)
  }

  onData(bytes: Buffer, start: number, end: number): boolean {
    const stream = this.#dataStream
    if (stream?.handler === undefined) return false
    stream.received += end - start
    return stream.handler.onData(bytes, start, end)
  }

  onDataEnd(): void {
    const stream = this.#dataStream
    this.#dataStream = undefined
    if (stream !== undefined && this.#dataEnds) this.#end(stream)
  }

  #onHeaders(flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    if (id % 2 === 0) throw new ProtocolError(CODE.PROTOCOL_ERROR, 'HEADERS of a stream that clients do not open')
    if (id <= this.#lastStream && !this.#streams.has(id) && !this.#ended.has(id))
      throw new ProtocolError(CODE.STREAM_CLOSED, 'HEADERS of a closed stream')
    this.#blocks.onHeaders(flags, id, bytes, start, end)
  }

  readonly #onBlock = (id: number, isLast: boolean, bytes: Buffer, start: number, end: number): void => {
    const known = this.#streams.get(id)
    const head = new RequestHead(this.#limits.keepsHeaders && known === undefined)
    // Also for a stream that is refused: the table of the connection depends on it.
    this.#decoder.decode(bytes, start, end, head)
    if (known !== undefined) return this.#onTrailers(known, isLast, head)
    if (id <= this.#lastStream) return
    this.#lastStream = id
    const { maxStreams, maxHeaderListBytes } = this.#limits
    if (this.#isDraining) return this.#refuse(id, CODE.REFUSED_STREAM, 'shutdown')
    if (this.#streams.size >= maxStreams) return this.#refuse(id, CODE.REFUSED_STREAM, 'too_many_streams')
    if (head.sizeBytes > maxHeaderListBytes) return this.#refuse(id, CODE.ENHANCE_YOUR_CALM, 'headers_too_large')
    if (!head.isWhole) return this.#refuse(id, CODE.PROTOCOL_ERROR, 'bad_request')
    const stream = new Http2Stream(id, head, this.#second, this.#sender.initialWindow)
    this.#streams.set(id, stream)
    stream.handler = this.#events.onRequest(stream)
    if (isLast) this.#end(stream)
  }

  #end(stream: Http2Stream): void {
    if (!stream.head.fits(stream.received)) return this.#giveUp(stream, CODE.PROTOCOL_ERROR, 'a body of another length')
    stream.isRemoteDone = true
    stream.handler?.onEnd()
  }

  #onTrailers(stream: Http2Stream, isLast: boolean, trailers: RequestHead): void {
    if (stream.isRemoteDone) throw new ProtocolError(CODE.STREAM_CLOSED, 'HEADERS after the end')
    if (isLast && trailers.isTrailers) this.#end(stream)
    else this.#giveUp(stream, CODE.PROTOCOL_ERROR, 'HEADERS that are no trailers')
  }

  #refuse(id: number, code: number, reason: string): void {
    this.#events.onRefused(reason)
    this.#reset(id, code)
  }

  /** A stream that cannot go on. */
  #giveUp(stream: Http2Stream, code: number, cause: string): void {
    this.#events.onRefused('protocol_error', cause)
    this.#reset(stream.id, code)
    this.#forget(stream)
    stream.handler?.onReset()
  }

  #reset(id: number, code: number): void {
    this.#remember(id)
    this.#sender.reset(id, code)
  }

  #forget(stream: Http2Stream): void {
    stream.isGone = true
    if (!this.#streams.delete(stream.id)) return
    if (!stream.isRemoteDone) this.#remember(stream.id)
    this.#endWhenDrained()
  }

  #remember(id: number): void {
    this.#ended.add(id)
    if (this.#ended.size > MAX_REMEMBERED) for (const oldest of this.#ended) return void this.#ended.delete(oldest)
  }

  #endWhenDrained(): void {
    if (!this.#isDraining || this.#streams.size > 0) return
    this.#sender.flush()
    this.#linger()
  }

  #onWindowUpdate(id: number, bytes: Buffer, start: number, end: number): void {
    if (end - start !== 4) throw new ProtocolError(CODE.FRAME_SIZE_ERROR, 'WINDOW_UPDATE has four bytes')
    if (id > this.#lastStream) throw new ProtocolError(CODE.PROTOCOL_ERROR, 'WINDOW_UPDATE of no stream')
    const increment = readUint31(bytes, start)
    const stream = this.#streams.get(id)
    if (id === 0) {
      const code = increment === 0 ? CODE.PROTOCOL_ERROR : CODE.FLOW_CONTROL_ERROR
      if (!this.#sender.takeWindow(undefined, increment)) throw new ProtocolError(code, 'no such window')
    } else if (stream === undefined) this.#countIdleFrame()
    else if (!this.#sender.takeWindow(stream, increment))
      this.#giveUp(stream, increment === 0 ? CODE.PROTOCOL_ERROR : CODE.FLOW_CONTROL_ERROR, 'no such window')
  }

  #onSettings(flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    if (id !== 0) throw new ProtocolError(CODE.PROTOCOL_ERROR, 'SETTINGS of a stream')
    const isAck = (flags & FLAG.ACK) !== 0
    if (isAck ? end !== start : (end - start) % 6 !== 0)
      throw new ProtocolError(CODE.FRAME_SIZE_ERROR, 'SETTINGS of a wrong length')
    if (isAck) return
    this.#hasSettings = true
    this.#countIdleFrame()
    for (let at = start; at < end; at += 6) this.#set(bytes.readUInt16BE(at), readUint32(bytes, at + 2))
    this.#sender.acknowledgeSettings()
  }

  /** The sizes of tables and lists do not concern us: what we write uses no table and is short. */
  #set(setting: number, value: number): void {
    if (setting === SETTING.ENABLE_PUSH && value > 1)
      throw new ProtocolError(CODE.PROTOCOL_ERROR, 'ENABLE_PUSH is 0 or 1')
    if (setting === SETTING.MAX_FRAME_SIZE && (value < MAX_FRAME_BYTES || value > 0xffffff))
      throw new ProtocolError(CODE.PROTOCOL_ERROR, 'MAX_FRAME_SIZE is out of range')
    if (setting !== SETTING.INITIAL_WINDOW_SIZE) return
    if (value > MAX_WINDOW) throw new ProtocolError(CODE.FLOW_CONTROL_ERROR, 'a window is too large')
    this.#sender.setInitialWindow(value, this.#streams.values())
  }

  #onPing(flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    if (id !== 0) throw new ProtocolError(CODE.PROTOCOL_ERROR, 'PING of a stream')
    if (end - start !== 8) throw new ProtocolError(CODE.FRAME_SIZE_ERROR, 'PING has eight bytes')
    if ((flags & FLAG.ACK) !== 0) return this.#events.onPong()
    if (!this.#events.onPing()) throw new ProtocolError(CODE.ENHANCE_YOUR_CALM, 'too_many_pings')
    this.#sender.acknowledgePing(bytes, start, end)
  }

  #onPriority(id: number, bytes: Buffer, start: number, end: number): void {
    if (id === 0) throw new ProtocolError(CODE.PROTOCOL_ERROR, 'PRIORITY of no stream')
    this.#countIdleFrame()
    if (end - start !== 5) this.#reset(id, CODE.FRAME_SIZE_ERROR)
    else if (readUint31(bytes, start) === id) this.#reset(id, CODE.PROTOCOL_ERROR)
  }

  #onReset(id: number, start: number, end: number): void {
    if (end - start !== 4) throw new ProtocolError(CODE.FRAME_SIZE_ERROR, 'RST_STREAM has four bytes')
    if (id === 0 || id > this.#lastStream) throw new ProtocolError(CODE.PROTOCOL_ERROR, 'RST_STREAM of no stream')
    this.#countIdleFrame()
    const stream = this.#streams.get(id)
    if (stream === undefined) return
    stream.isRemoteDone = true
    this.#forget(stream)
    stream.handler?.onReset()
  }

  #countIdleFrame(): void {
    if (--this.#idleFrames < 0) throw new ProtocolError(CODE.ENHANCE_YOUR_CALM, 'too many frames that carry nothing')
  }
}
