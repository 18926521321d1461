// The connections that node:http and node:https read, as far as it matters when there are too many.
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { limitConnections } from './connection-limit.ts'
import type { Sparable } from './connection-room.ts'

/** For a plain server that has no other use of its connections. */
export function limitNodeConnections(server: Server, max: number): void {
  const connections = new NodeConnections(() => {})
  server.prependListener('connection', connections.add)
  server.on('request', connections.onRequest)
  limitConnections(server, { max, sparable: () => connections.sparable(), onRefused() {} })
}

export class NodeConnections {
  readonly #bySocket = new Map<Socket, NodeConnection>()
  readonly #onRefused: () => void

  /** `onRefused`: one has given way. */
  constructor(onRefused: () => void) {
    this.#onRefused = onRefused
  }

  /** Under TLS, when its handshake is over. */
  readonly add = (socket: Socket): void => {
    this.#bySocket.set(socket, new NodeConnection(socket, this.#onRefused))
    socket.once('close', () => this.#bySocket.delete(socket))
  }

  readonly onRequest = ({ socket }: IncomingMessage, response: ServerResponse): void => {
    const connection = this.#bySocket.get(socket)
    if (connection === undefined) return
    connection.begin()
    response.once('close', connection.end)
  }

  /** Oldest first. */
  sparable(): Iterable<Sparable> {
    return this.#bySocket.values()
  }
}

class NodeConnection implements Sparable {
  readonly #socket: Socket
  readonly #onRefused: () => void
  #requests = 0
  /** What has not asked before has at least said something, or gone through a handshake. */
  #hasAsked = false
  /** What had been read when the last answer went: more is the beginning of the next request. */
  #readBytes = 0
  #isGivingWay = false

  constructor(socket: Socket, onRefused: () => void) {
    this.#socket = socket
    this.#onRefused = onRefused
  }

  get rest(): Sparable['rest'] {
    if (this.#isGivingWay || this.#requests > 0 || this.#socket.destroyed) return undefined
    if (!this.#hasAsked) return 'encrypted' in this.#socket || this.#socket.bytesRead > 0 ? 'beginning' : undefined
    return this.#socket.bytesRead > this.#readBytes ? 'beginning' : 'idle'
  }

  begin(): void {
    this.#requests++
    this.#hasAsked = true
  }

  readonly end = (): void => {
    this.#requests--
    this.#readBytes = this.#socket.bytesRead
  }

  /** The answer before this may still be on its way. */
  giveWay(): void {
    this.#onRefused()
    this.#isGivingWay = true
    this.#socket.destroySoon()
  }
}
