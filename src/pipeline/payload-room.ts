// What stands in for a memory limiter where a config has none, and the process has a limit that the kernel enforces.
import {
  type Clock,
  type Logger,
  type PayloadMemory,
  RetryableError,
  TooLargeError,
  takenBytes,
} from '../contract/index.ts'
import { NowAndThen } from '../observe/now-and-then.ts'

const WAIT_MS = 1000

export interface PayloadRoomSettings {
  readonly limitBytes: number
  readonly memory: PayloadMemory
  readonly clock: Clock
  readonly log: Logger
}

/** Payload that may be in the process at a time, bodies that are being read included. */
export class PayloadRoom {
  readonly #of: PayloadRoomSettings
  #refusal: RetryableError | undefined
  #refusedRequests = 0
  readonly #told: NowAndThen

  constructor(of: PayloadRoomSettings) {
    this.#of = of
    this.#told = new NowAndThen(of.clock)
  }

  /** Throws when so many bytes more are too many. */
  admit(sizeBytes: number): void {
    const { limitBytes, memory } = this.#of
    if (takenBytes(memory) + sizeBytes <= limitBytes) return
    this.#tell()
    if (sizeBytes > limitBytes)
      throw new TooLargeError(`a payload of ${sizeBytes} bytes is more than there is room for (${limitBytes})`)
    // An error each, with its stack, would be what there is least room for.
    this.#refusal ??= new RetryableError(`memory is short: all of ${mib(limitBytes)} MiB for data are taken`, {
      waitMs: WAIT_MS,
      reason: 'memory_limit',
    })
    throw this.#refusal
  }

  #tell(): void {
    this.#refusedRequests++
    if (this.#told.add() === undefined) return
    const { limitBytes, log } = this.#of
    log.warn('memory is short: data is refused, and no memory_limiter says when', {
      payloadMib: mib(limitBytes),
      refusedRequests: this.#refusedRequests,
    })
  }
}

const mib = (bytes: number): number => Math.round(bytes / 1024 ** 2)
