// Lines over TCP. Who sends faster than the pipelines take waits; who sends too slowly is turned away.
import { createServer, type Server, type Socket } from 'node:net'
import type { Settings } from '../../contract/index.ts'
import { freeRead } from '../../net/assembly.ts'
import { limitConnections } from '../../net/connection-limit.ts'
import type { Sparable } from '../../net/connection-room.ts'
import { Lines } from '../../net/lines.ts'
import { listen, logAcceptErrors } from '../../net/listen.ts'
import { QuietConnections } from '../../net/quiet-connections.ts'
import { Sweep, type Swept } from '../../net/sweep.ts'
import type { AwsEmfReceiverConfig } from './config.ts'
import type { Refusal } from './refusals.ts'

export interface LinesTaker {
  /** Whole lines, a line feed between each two; valid during the call. */
  onLines(bytes: Buffer, start: number, end: number): void
  onRefused(reason: Refusal): void
  /** A promise when there is no room for so many bytes now: whoever can wait asks again when it resolves. */
  room(sizeBytes: number): Promise<void> | undefined
}

export interface Listening {
  /** `tcp://127.0.0.1:25888` */
  readonly endpoint: string
  stop(): Promise<void>
}

const LINE_FEED = 0x0a
const KEEP_ALIVE_MS = 60_000

/** An error says what is in the way. */
export async function listenForConnections(
  config: AwsEmfReceiverConfig,
  settings: Settings,
  taker: LinesTaker,
): Promise<Listening> {
  const { max_line_size: maxLineBytes, line_timeout: limitMs, max_connections, endpoint } = config
  const sweep = new Sweep(settings.clock)
  const connections = new Set<Connection>()
  const quiet = new QuietConnections(settings.clock)
  const server = createServer((socket) => {
    const connection = new Connection(socket, { maxLineBytes, limitMs }, settings, sweep, taker)
    connections.add(connection)
    socket.on('data', () => quiet.said(connection))
    socket.on('close', () => {
      connections.delete(connection)
      quiet.delete(connection)
    })
  })
  limitConnections(server, {
    max: max_connections,
    sparable: () => quiet.sparable(),
    onRefused: () => taker.onRefused('too_many_connections'),
  })
  const bound = await listen(server, { endpoint, transport: 'tcp' })
  logAcceptErrors(server, settings)
  return {
    endpoint: `tcp://${bound}`,
    async stop() {
      for (const connection of connections) connection.close()
      await closed(server)
      sweep.stop()
    },
  }
}

const closed = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()))

interface Limits {
  readonly maxLineBytes: number
  /** Of a line; 0: none. */
  readonly limitMs: number
}

class Connection implements Swept, Sparable {
  readonly #socket: Socket
  readonly #settings: Settings
  readonly #sweep: Sweep
  readonly #taker: LinesTaker
  readonly #lines: Lines
  readonly #limitMs: number
  #heldBytes = 0
  /** What there was no room for. */
  #waiting: Buffer | undefined
  #reason: Refusal = 'incomplete_line'

  constructor(socket: Socket, { maxLineBytes, limitMs }: Limits, settings: Settings, sweep: Sweep, taker: LinesTaker) {
    this.#socket = socket
    this.#settings = settings
    this.#sweep = sweep
    this.#taker = taker
    this.#limitMs = limitMs
    this.#lines = new Lines(maxLineBytes, {
      onLines: (bytes, start, end) => taker.onLines(bytes, start, end),
      onTooLong: () => taker.onRefused('line_too_long'),
    })
    socket.setKeepAlive(true, KEEP_ALIVE_MS)
    // Reset by the other side, mostly: what has come of it counts.
    socket.on('error', () => {})
    socket.on('data', (bytes: Buffer) => this.#take(bytes))
    socket.on('end', () => this.#end())
    socket.on('close', () => this.#release())
  }

  onSecond(seconds: number): void {
    if (this.#limitMs === 0 || seconds * 1000 < this.#limitMs) return
    this.close('too_slow')
  }

  /** What waits for room has said something that nobody has read. */
  get rest(): Sparable['rest'] {
    if (this.#waiting !== undefined) return undefined
    return this.#lines.isInside ? 'beginning' : 'idle'
  }

  giveWay(): void {
    if (!this.#lines.isInside) this.#taker.onRefused('too_many_connections')
    this.close('too_many_connections')
  }

  /** `reason`: why the line that has begun will not end. */
  close(reason: Refusal = 'incomplete_line'): void {
    this.#reason = reason
    this.#socket.destroy()
  }

  #take(bytes: Buffer): void {
    const room = this.#taker.room(bytes.length)
    if (room === undefined) this.#add(bytes)
    else void this.#wait(bytes, room)
  }

  #add(bytes: Buffer): void {
    const wasInside = this.#lines.isInside
    const hasEnd = bytes.includes(LINE_FEED)
    this.#lines.add(bytes)
    freeRead(bytes)
    this.#account()
    if (!this.#lines.isInside) this.#sweep.delete(this)
    else if (!wasInside || hasEnd) this.#sweep.add(this)
  }

  /** Nothing more is read meanwhile. What stands still for our sake is not too slow. */
  async #wait(bytes: Buffer, room: Promise<void>): Promise<void> {
    this.#waiting = bytes
    this.#account()
    this.#socket.pause()
    this.#sweep.delete(this)
    for (let next: Promise<void> | undefined = room; next !== undefined; next = this.#taker.room(bytes.length)) {
      await next
      if (this.#waiting === undefined) return
    }
    this.#waiting = undefined
    this.#add(bytes)
    if (this.#lines.isInside) this.#sweep.add(this)
    this.#socket.resume()
  }

  #end(): void {
    this.#lines.end()
    this.#account()
  }

  /** What has been received is taken, room or not. */
  #release(): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting !== undefined) this.#lines.add(waiting)
    this.#sweep.delete(this)
    if (this.#lines.isInside) this.#taker.onRefused(this.#reason)
    this.#settings.memory.add(-this.#heldBytes)
    this.#heldBytes = 0
  }

  #account(): void {
    const heldBytes = this.#lines.heldBytes + (this.#waiting?.length ?? 0)
    this.#settings.memory.add(heldBytes - this.#heldBytes)
    this.#heldBytes = heldBytes
  }
}
