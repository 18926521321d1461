import type { Sender } from './sender.ts'
import type { Http2Stream } from './stream.ts'

/** What a client may send before it hears from us: for a stream, and for all streams together. */
export const STREAM_WINDOW = 1024 * 1024
export const CONNECTION_WINDOW = 4 * 1024 * 1024

/** Flow control of what comes. All of it is given back, as the bytes are with their owner or gone:
 * at once, but for a stream that is held. */
export class ReceiveWindows {
  readonly #sender: Sender
  /** What has come since the last update of the connection's window. */
  #unreported = 0

  constructor(sender: Sender) {
    this.#sender = sender
  }

  /** `isLast`: nothing more comes on that stream. */
  received(stream: Http2Stream | undefined, length: number, isLast: boolean): void {
    if (stream?.isHeld) {
      stream.heldBytes += length
      return
    }
    this.#unreported += length
    if (this.#unreported > CONNECTION_WINDOW / 2) {
      this.#sender.giveWindow(0, this.#unreported)
      this.#unreported = 0
    }
    if (stream === undefined || isLast) return
    stream.unreported += length
    if (stream.unreported > STREAM_WINDOW / 2) {
      this.#sender.giveWindow(stream.id, stream.unreported)
      stream.unreported = 0
    }
  }

  release(stream: Http2Stream): void {
    stream.isHeld = false
    const { heldBytes } = stream
    stream.heldBytes = 0
    if (heldBytes > 0) this.received(stream, heldBytes, stream.isRemoteDone)
  }
}
