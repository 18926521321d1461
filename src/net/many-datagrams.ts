// Packets from a socket, as many at a time as there are, by recvmmsg(2).
//
// While little comes, Node watches the socket, as one of its own, and its first packet says that there are more. When that
// happens often Node stops watching, and the socket is read on a timer: waking up costs more than reading.
import { createSocket, type Socket } from 'node:dgram'
import type { DatagramTaker, Origin } from './datagrams.ts'
import type { Kernel } from './kernel.ts'
import type { Origins } from './origins.ts'
import { CLOEXEC, NAME_BYTES, openAnySocket, receiveBufferOf } from './raw-socket.ts'

const SLOTS = 64
/** No UDP packet is longer. Memory that no packet reaches is never touched. */
const SLOT_BYTES = 65_536
/** Beyond these others have their turn first. */
const MAX_CALLS = 64

/** So many wake-ups within that time, and the socket is read on a timer instead… */
const BUSY_WAKES = 64
const BUSY_MS = 200
/** …until so many reads have brought less than a packet each. */
const QUIET_READS = 64
const READ_EVERY_MS = 5
/** A smaller buffer is full before that. */
const LARGE_BUFFER_BYTES = 2 * 1024 * 1024

const MSG_DONTWAIT = 0x40
const MSG_TRUNC = 0x20
const F_DUPFD_CLOEXEC = 1030
/**
 * struct mmsghdr = msghdr { name (8), name length (4), padding (4), vectors (8), their count (8), control (8), its length (8),
 * flags (4), padding (4) }, received bytes (4), padding (4)
 */
const HEADER_BYTES = 64
const HEADER_WORDS = HEADER_BYTES / 4
const NAME_LENGTH_WORD = 2
const FLAGS_WORD = 12
const RECEIVED_WORD = 14

export class ManyDatagrams {
  readonly #calls: Kernel
  readonly #fd: number
  readonly #isUnix: boolean
  readonly #origins: Origins
  readonly #taker: DatagramTaker
  readonly #readEveryMs: number
  // The kernel writes where these are: they live as long as this does.
  readonly #bytes = Buffer.from(new ArrayBuffer(SLOTS * SLOT_BYTES))
  readonly #names = Buffer.from(new ArrayBuffer(SLOTS * NAME_BYTES))
  readonly #vectors = Buffer.from(new ArrayBuffer(SLOTS * 16))
  readonly #headers = new Uint32Array(SLOTS * HEADER_WORDS)
  readonly #headersAt: bigint
  /** What wakes us up; undefined while the socket is read on a timer. */
  #waker: Socket | undefined
  #timer: NodeJS.Timeout | undefined
  #immediate: NodeJS.Immediate | undefined
  #wakes = 0
  #reads = 0
  #packets = 0
  #sinceMs = 0
  #isStopped = false

  /** Takes the descriptor over: a socket that does not block. */
  constructor(calls: Kernel, fd: number, isUnix: boolean, origins: Origins, taker: DatagramTaker) {
    this.#calls = calls
    this.#fd = fd
    this.#isUnix = isUnix
    this.#origins = origins
    this.#taker = taker
    this.#readEveryMs = receiveBufferOf(calls, fd) < LARGE_BUFFER_BYTES ? 1 : READ_EVERY_MS
    this.#headersAt = calls.addressOf(new Uint8Array(this.#headers.buffer))
    this.#layOut()
  }

  #layOut(): void {
    const { addressOf } = this.#calls
    const headers = Buffer.from(this.#headers.buffer)
    for (let slot = 0; slot < SLOTS; slot++) {
      this.#vectors.writeBigUInt64LE(addressOf(this.#bytes) + BigInt(slot * SLOT_BYTES), slot * 16)
      this.#vectors.writeBigUInt64LE(BigInt(SLOT_BYTES), slot * 16 + 8)
      const at = slot * HEADER_BYTES
      headers.writeBigUInt64LE(addressOf(this.#names) + BigInt(slot * NAME_BYTES), at)
      headers.writeUInt32LE(NAME_BYTES, at + 8)
      headers.writeBigUInt64LE(addressOf(this.#vectors) + BigInt(slot * 16), at + 16)
      headers.writeBigUInt64LE(1n, at + 24)
    }
  }

  /** Node says when something comes; otherwise the socket is read on a timer. */
  get isWatched(): boolean {
    return this.#waker !== undefined
  }

  start(): void {
    this.#watch()
  }

  async stop(): Promise<void> {
    if (this.#isStopped) return
    this.#isStopped = true
    clearInterval(this.#timer)
    clearImmediate(this.#immediate)
    // What has arrived counts.
    this.#readAll()
    const waker = this.#waker
    this.#waker = undefined
    if (waker !== undefined) await new Promise<void>((resolve) => waker.close(() => resolve()))
    this.#calls.close(this.#fd)
  }

  #watch(): void {
    this.#waker = this.#createWaker()
    this.#sinceMs = performance.now()
    this.#wakes = 0
    // No descriptor is left, mostly. A timer needs none.
    if (this.#waker === undefined) this.#readOnTimer()
  }

  #createWaker(): Socket | undefined {
    const calls = this.#calls
    // Node takes no unix socket of this kind: it is put in the place of one that it does take.
    const fd = this.#isUnix ? openAnySocket(calls) : calls.fcntl(this.#fd, F_DUPFD_CLOEXEC, 0)
    if (fd < 0) return undefined
    const waker = createSocket(this.#origins.isV6 ? 'udp6' : 'udp4')
    waker.on('error', (error) => this.#taker.onError(error))
    waker.on('message', (bytes, { address, port }) =>
      this.#wake(bytes, this.#isUnix ? this.#origins.nameless : this.#origins.of(address, port)),
    )
    waker.bind({ fd, exclusive: true })
    if (this.#isUnix) calls.dup3(this.#fd, fd, CLOEXEC)
    return waker
  }

  /** With the first packet; there may be more. */
  #wake(bytes: Buffer, origin: Origin): void {
    this.#taker.onDatagram(bytes, 0, bytes.length, origin)
    if (this.#isStopped) return
    this.#readAll()
    if (++this.#wakes < BUSY_WAKES) return
    const nowMs = performance.now()
    const isBusy = nowMs - this.#sinceMs < BUSY_MS
    this.#sinceMs = nowMs
    this.#wakes = 0
    if (isBusy) this.#readOnTimer()
  }

  #readOnTimer(): void {
    this.#waker?.close()
    this.#waker = undefined
    this.#reads = this.#packets = 0
    // A clock of the kernel's buffer, which fills in real time.
    this.#timer = setInterval(() => this.#readInTime(), this.#readEveryMs)
  }

  #readInTime(): void {
    this.#packets += this.#readAll()
    if (++this.#reads < QUIET_READS) return
    const isQuiet = this.#packets < QUIET_READS
    this.#reads = this.#packets = 0
    if (!isQuiet) return
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#watch()
  }

  /** Returns how many there were. */
  #readAll(): number {
    let packets = 0
    for (let call = 0; call < MAX_CALLS; call++) {
      const received = this.#calls.recvmmsg(this.#fd, this.#headersAt, SLOTS, MSG_DONTWAIT, 0n)
      for (let slot = 0; slot < received; slot++) this.#take(slot)
      if (received > 0) packets += received
      if (received < SLOTS) return packets
    }
    if (!this.#isStopped) this.#immediate ??= setImmediate(() => this.#readMore())
    return packets
  }

  #readMore(): void {
    this.#immediate = undefined
    if (!this.#isStopped) this.#packets += this.#readAll()
  }

  #take(slot: number): void {
    const header = slot * HEADER_WORDS
    const start = slot * SLOT_BYTES
    const size = this.#headers[header + RECEIVED_WORD]!
    const isCut = (this.#headers[header + FLAGS_WORD]! & MSG_TRUNC) !== 0
    this.#headers[header + NAME_LENGTH_WORD] = NAME_BYTES
    if (isCut) this.#taker.onTruncated()
    const origin = this.#isUnix ? this.#origins.nameless : this.#origins.read(this.#names, slot * NAME_BYTES)
    this.#taker.onDatagram(this.#bytes, start, start + size, origin)
  }
}
