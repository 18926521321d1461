// How many connections a server has at once. Those that cost their owners nothing give way to the next one: whoever says
// nothing, or waits for its next request, keeps nobody out.
import type { Server, Socket } from 'node:net'
import { makeConnectionRoom, type Sparable } from './connection-room.ts'

export const MAX_CONNECTIONS = 1024
/** More than the most for the moment in which others give way to them. */
const BEING_CLOSED = 256

export interface ConnectionLimitSettings {
  readonly max?: number
  /** Oldest first: connections that can be spared, beside those that have said nothing at all. */
  readonly sparable?: () => Iterable<Sparable>
  /** One has given way, or was turned away. */
  onRefused(): void
}

/** Stands in front of what listens to `connection` now: TLS and node:http see only whom there is room for. */
export function limitConnections(server: Server, settings: ConnectionLimitSettings): void {
  const { max = MAX_CONNECTIONS, sparable, onRefused } = settings
  const inside = server.listeners('connection')
  const silent = new Set<SilentSocket>()
  const candidates = function* (): Iterable<Sparable> {
    yield* silent
    if (sparable !== undefined) yield* sparable()
  }
  let open = 0
  server.removeAllListeners('connection')
  server.maxConnections = max + BEING_CLOSED
  server.on('drop', onRefused)
  server.on('connection', (socket: Socket) => {
    const one = new SilentSocket(socket, onRefused)
    socket.once('close', () => {
      open--
      silent.delete(one)
    })
    if (++open > max && !makeConnectionRoom(candidates())) {
      onRefused()
      // Nobody else listens.
      socket.on('error', () => {})
      socket.destroy()
      return
    }
    silent.add(one)
    for (const listener of inside) listener.call(server, socket)
  })
}

/** As long as nothing has come, not even the beginning of a handshake. */
class SilentSocket implements Sparable {
  readonly #socket: Socket
  readonly #onRefused: () => void

  constructor(socket: Socket, onRefused: () => void) {
    this.#socket = socket
    this.#onRefused = onRefused
  }

  get rest(): Sparable['rest'] {
    return this.#socket.bytesRead === 0 && !this.#socket.destroyed ? 'silent' : undefined
  }

  giveWay(): void {
    this.#onRefused()
    this.#socket.destroy()
  }
}
