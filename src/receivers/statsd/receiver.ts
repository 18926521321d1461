import type { Consumers, Receiver, Settings } from '../../contract/index.ts'
import { type DatagramListener, listenForDatagrams, type Origin } from '../../net/datagrams.ts'
import { noticeSettingsWithoutEffect } from '../../net/no-effect.ts'
import { Handover } from '../../scrape/handover.ts'
import { Aggregation, type Harvest, type Sender } from './aggregation.ts'
import type { StatsdConfig } from './config.ts'
import { Refusals } from './refusals.ts'
import { Slices } from './slices.ts'
import { listenForLines, type StreamListener, type StreamTransport } from './streams.ts'
import { MAX_POINTS, write } from './write.ts'

/** What the kernel is asked to keep while the event loop is busy. */
const DEFAULT_BUFFER_BYTES = 16 * 1024 * 1024
/** When there are more they are looked up anew. */
const MAX_SENDERS = 10_000
/** Of a batch, in points. */
const BATCH_COST = 32

export class StatsdReceiver implements Receiver {
  readonly #config: StatsdConfig
  readonly #settings: Settings
  readonly #aggregation: Aggregation
  readonly #refusals: Refusals
  readonly #handover: Handover<'metrics'> | undefined
  #listener: StreamListener | DatagramListener | undefined
  /** Writes what the last interval has brought. */
  readonly #slices = new Slices(MAX_POINTS)
  #lostPackets = 0
  #intervalStartMs = 0
  #cancelTimer: (() => void) | undefined
  /** Of the aggregation's generation. */
  readonly #senders = new Map<Origin, Sender>()
  #generation = 0
  #lastOrigin: Origin | undefined
  #lastSender: Sender | undefined
  /** What tells senders apart. */
  readonly #keyOf: (origin: Origin) => string
  readonly #isMonotonic: boolean
  endpoints: string[] = []

  constructor(config: StatsdConfig, settings: Settings, next: Consumers) {
    this.#config = config
    this.#settings = settings
    this.#refusals = new Refusals(settings)
    this.#aggregation = new Aggregation(config, (reason, bytes, start, end) =>
      this.#refusals.refuse(reason, bytes, start, end),
    )
    const { ignore_host: ignoresHost, enable_ip_only_aggregation: ignoresPort } = config
    this.#keyOf = ignoresHost
      ? () => ''
      : ignoresPort
        ? (one) => one.address
        : ({ address, port }) => `${address} ${port}`
    this.#isMonotonic = config.is_monotonic_counter
    this.#handover = next.metrics && new Handover(next.metrics, settings)
  }

  async start(): Promise<void> {
    const { clock, log } = this.#settings
    noticeSettingsWithoutEffect(this.#config, '', log)
    this.#countLines()
    this.#intervalStartMs = clock.now()
    this.#listener = await this.#listen()
    this.endpoints = [this.#listener.endpoint]
    this.#startTimer()
  }

  #listen(): Promise<StreamListener | DatagramListener> {
    const { transport, endpoint, socket_buffer_size, socket_permissions } = this.#config
    const { log } = this.#settings
    if (isStream(transport))
      return listenForLines(this.#config, transport, this.#settings, {
        onLines: (bytes, start, end, origin) => this.#take(bytes, start, end, origin),
        onTooLong: () => this.#refusals.refuse('line_too_long'),
        onTooMany: () => this.#refusals.refuse('too_many_connections'),
      })
    const bufferBytes = socket_buffer_size || DEFAULT_BUFFER_BYTES
    return listenForDatagrams(
      { endpoint, transport, bufferBytes, permissions: socket_permissions },
      {
        onDatagram: (bytes, start, end, origin) => this.#take(bytes, start, end, origin),
        onTruncated: () => this.#refusals.refuse('truncated'),
        onError: (error) => log.error('packets cannot be received', { endpoint, error: error.message }),
      },
    )
  }

  #take(bytes: Buffer, start: number, end: number, origin: Origin): void {
    const aggregation = this.#aggregation
    if (origin !== this.#lastOrigin || aggregation.generation !== this.#generation) {
      this.#lastOrigin = origin
      this.#lastSender = this.#senderOf(origin)
    }
    aggregation.take(bytes, start, end, this.#lastSender!, this.#settings.clock.now())
    if (aggregation.isFull) this.#endInterval()
    else if (aggregation.hasManySamples) this.#handSamples(this.#intervalStartMs, this.#settings.clock.now())
  }

  #senderOf(origin: Origin): Sender {
    if (this.#generation !== this.#aggregation.generation || this.#senders.size > MAX_SENDERS) {
      this.#generation = this.#aggregation.generation
      this.#senders.clear()
    }
    let sender = this.#senders.get(origin)
    if (sender === undefined) {
      const key = this.#keyOf(origin)
      sender = this.#aggregation.sender(key, key === '' ? undefined : origin.address || undefined)
      this.#senders.set(origin, sender)
    }
    return sender
  }

  #startTimer(): void {
    this.#cancelTimer = this.#settings.clock.after(this.#config.aggregation_interval, () => {
      this.#endInterval()
      void this.#tellLostPackets()
      this.#startTimer()
    })
  }

  #endInterval(): void {
    this.#slices.finish()
    const startMs = this.#intervalStartMs
    const endMs = this.#settings.clock.now()
    this.#intervalStartMs = endMs
    const aggregation = this.#aggregation
    if (aggregation.activeSeries > MAX_POINTS) this.#handSamples(startMs, endMs)
    this.#slices.run(this.#hand(aggregation.endInterval(), startMs, endMs), () => aggregation.settle())
  }

  #handSamples(startMs: number, endMs: number): void {
    this.#aggregation.harvestSamples((harvest) => {
      for (const _ of this.#hand(harvest, startMs, endMs));
    })
  }

  /** Batch by batch; yields what each costs, in points. */
  *#hand(harvest: Harvest, startMs: number, endMs: number): Generator<number> {
    const { transport } = this.#config
    const settings = { version: this.#settings.agent.version, isMonotonic: this.#isMonotonic }
    for (const [{ address }, metrics] of harvest)
      for (const batch of write(metrics, { startMs, endMs }, settings)) {
        this.#handover?.give(batch, { transport, clientAddress: address })
        yield batch.items + BATCH_COST
      }
  }

  /** What nobody has read in time is gone before we know of it. */
  async #tellLostPackets(): Promise<void> {
    const listener = this.#listener
    if (listener === undefined || !('lostPackets' in listener)) return
    const packets = (await listener.lostPackets()) ?? 0
    const more = packets - this.#lostPackets
    if (more <= 0) return
    this.#lostPackets = packets
    this.#settings.log.error('packets lost: the kernel had no room for them', {
      packets: more,
      hint: 'raise socket_buffer_size and net.core.rmem_max, or let clients put several lines into a packet',
    })
  }

  #countLines(): void {
    const { meter, id } = this.#settings
    meter
      .createObservableCounter('sluice_receiver_lost_packets', {
        description: 'Packets that the kernel had no room for, where it says so.',
      })
      .addCallback((result) => result.observe(this.#lostPackets, { receiver: id }))
    meter
      .createObservableCounter('otelcol_receiver_received_statsd_metrics', {
        description: 'Number of statsd metrics received.',
      })
      .addCallback((result) => {
        result.observe(this.#aggregation.takenLines, { receiver: id, parse_success: 'true' })
        result.observe(this.#refusals.lines, { receiver: id, parse_success: 'false' })
      })
  }

  async stop(abort: AbortSignal): Promise<void> {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    const listener = this.#listener
    this.#listener = undefined
    this.endpoints = []
    await listener?.stop()
    if (listener !== undefined) this.#endInterval()
    this.#slices.finish()
    await this.#handover?.stop(abort)
  }
}

const isStream = (transport: StatsdConfig['transport']): transport is StreamTransport =>
  transport === 'unix' || transport.startsWith('tcp')
