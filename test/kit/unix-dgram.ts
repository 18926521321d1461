// In place of the native package of that name, which is built for one version of Node: as much of it as hot-shots uses.
import { EventEmitter } from 'node:events'
import { sendUnixgram } from './unixgram.ts'

class UnixDgramSocket extends EventEmitter {
  #path = ''

  connect(path: string): void {
    this.#path = path
    this.emit('connect')
  }
  send(bytes: Buffer, callback: (error?: Error) => void): void {
    try {
      sendUnixgram(this.#path, bytes)
    } catch (error) {
      return callback(error instanceof Error ? error : new Error(String(error)))
    }
    callback()
  }
  close(): void {}
}

export const createSocket = (): UnixDgramSocket => new UnixDgramSocket()
