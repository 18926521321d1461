// A line between two processes that can be bad in the ways in which lines are: cut, silent, slow.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/**
 * `pass`: as if it were not there. `refuse`: connections are reset at once. `cut`: what the client says arrives, and at the
 * first byte of an answer both sides are reset. `blackhole`: connections are accepted and nothing passes, in no direction,
 * for ever. `trickle`: answers pass a byte at a time, each when the loop comes round. `drip`: so do the first bytes of an answer,
 * and the others wait until the line is in another state. `late`: what the client says arrives, and answers wait likewise.
 */
export type LineState = 'pass' | 'refuse' | 'cut' | 'blackhole' | 'trickle' | 'drip' | 'late'

/** The status line, and a header begins. */
const DRIPPING_BYTES = 30

export class TcpProxy {
  /** Of all time. */
  connections = 0
  /** Connections and pieces of what clients say, of all time: whether somebody still tries. */
  heard = 0
  port = 0
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #targetPort: number
  #state: LineState = 'pass'
  /** Answers that are late. */
  #late: (() => void)[] = []

  constructor(targetPort: number) {
    this.#targetPort = targetPort
    this.#server = createServer((socket) => this.#serve(socket))
  }

  get state(): LineState {
    return this.#state
  }
  set state(state: LineState) {
    this.#state = state
    for (const go of this.#late.splice(0)) go()
  }

  /** After a stop, on the port that it had. */
  async start(): Promise<this> {
    this.#server.listen(this.port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.port = (this.#server.address() as AddressInfo).port
    return this
  }
  get open(): number {
    return this.#sockets.size
  }
  /** Pieces of answers that wait for another state than `late` or `drip`. */
  get late(): number {
    return this.#late.length
  }

  /** Everything that is connected is reset, as by a machine that restarts. */
  kill(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  async stop(): Promise<void> {
    this.kill()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #serve(client: Socket): void {
    this.connections++
    this.heard++
    this.#track(client)
    if (this.state === 'refuse') return void client.resetAndDestroy()
    const target = connect(this.#targetPort, '127.0.0.1')
    this.#track(target)
    client.on('data', (bytes) => {
      this.heard++
      if (this.state !== 'blackhole') target.write(bytes)
    })
    let answered = Promise.resolve()
    target.on('data', (bytes) => {
      answered = answered.then(() => this.#answer(client, target, Buffer.from(bytes)))
    })
    client.on('close', () => target.destroy())
    target.on('close', () => {
      if (this.state !== 'blackhole') client.destroy()
    })
  }

  async #answer(client: Socket, target: Socket, bytes: Buffer): Promise<void> {
    switch (this.state) {
      case 'pass':
      case 'refuse':
        client.write(bytes)
        return
      case 'blackhole':
        return
      case 'late':
        await new Promise<void>((go) => this.#late.push(go))
        return this.#answer(client, target, bytes)
      case 'drip': {
        const first = Math.min(DRIPPING_BYTES, bytes.length - 1)
        await this.#trickle(client, bytes.subarray(0, first))
        await new Promise<void>((go) => this.#late.push(go))
        return this.#answer(client, target, bytes.subarray(first))
      }
      case 'cut':
        client.resetAndDestroy()
        target.resetAndDestroy()
        return
      case 'trickle':
        return this.#trickle(client, bytes)
    }
  }

  async #trickle(client: Socket, bytes: Buffer): Promise<void> {
    for (const byte of bytes) {
      if (client.destroyed) return
      client.write(Buffer.of(byte))
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => this.#sockets.delete(socket))
  }
}
