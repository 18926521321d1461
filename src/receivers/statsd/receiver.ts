import type { Consumers, Receiver, Settings } from '../../contract/index.ts'
import { isWildcard } from '../../net/listen.ts'
import { noticeSettingsWithoutEffect } from '../../net/no-effect.ts'
import { Handover } from '../../scrape/handover.ts'
import { Aggregation, type Harvest, type Sender } from './aggregation.ts'
import type { StatsdConfig } from './config.ts'
import { type Listener, listenForDatagrams } from './datagrams.ts'
import { Refusals } from './refusals.ts'
import { listenForLines, type StreamTransport } from './streams.ts'
import { write } from './write.ts'

export class StatsdReceiver implements Receiver {
  readonly #config: StatsdConfig
  readonly #settings: Settings
  readonly #aggregation: Aggregation
  readonly #refusals: Refusals
  readonly #handover: Handover<'metrics'> | undefined
  #listener: Listener | undefined
  #intervalStartMs = 0
  #cancelTimer: (() => void) | undefined
  /** Packets of one sender come in a row. */
  #lastAddress: string | undefined
  #lastPort = -1
  #lastSender: Sender | undefined
  #lastGeneration = -1
  /** What tells senders apart. */
  readonly #keyOf: (address: string, port: number) => string
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
    this.#keyOf = ignoresHost ? () => '' : ignoresPort ? (address) => address : (address, port) => `${address} ${port}`
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

  #listen(): Promise<Listener> {
    const { transport, endpoint } = this.#config
    const { log } = this.#settings
    if (transport !== 'unix' && isWildcard({ endpoint, transport: 'tcp' }))
      log.warn('listens on every interface: whoever reaches this machine can send', { endpoint })
    if (isStream(transport))
      return listenForLines(this.#config, transport, this.#settings, {
        onLines: (bytes, start, end, address, port) => this.#take(bytes, start, end, address, port),
        onTooLong: () => this.#refusals.refuse('line_too_long'),
        onTooMany: () => this.#refusals.refuse('too_many_connections'),
      })
    return listenForDatagrams(
      this.#config,
      (bytes, start, end, address, port) => this.#take(bytes, start, end, address, port),
      (error) => log.error('packets cannot be received', { endpoint, error: error.message }),
    )
  }

  #take(bytes: Buffer, start: number, end: number, address: string, port: number): void {
    const aggregation = this.#aggregation
    if (
      this.#lastSender === undefined ||
      address !== this.#lastAddress ||
      port !== this.#lastPort ||
      aggregation.generation !== this.#lastGeneration
    ) {
      this.#lastSender = this.#senderOf(address, port)
      this.#lastAddress = address
      this.#lastPort = port
      this.#lastGeneration = aggregation.generation
    }
    aggregation.take(bytes, start, end, this.#lastSender, this.#settings.clock.now())
    if (aggregation.isFull) this.#endInterval()
    else if (aggregation.hasManySamples)
      aggregation.harvestSamples((harvest) => this.#hand(harvest, this.#intervalStartMs, this.#settings.clock.now()))
  }

  #senderOf(address: string, port: number): Sender {
    // On a socket for both families IPv4 comes as ::ffff:10.0.0.1.
    const plain = address.replace(/^::ffff:(?=\d+\.)/, '')
    const key = this.#keyOf(plain, port)
    return this.#aggregation.sender(key, key === '' ? undefined : plain)
  }

  #startTimer(): void {
    this.#cancelTimer = this.#settings.clock.after(this.#config.aggregation_interval, () => {
      this.#endInterval()
      this.#startTimer()
    })
  }

  #endInterval(): void {
    const startMs = this.#intervalStartMs
    const endMs = this.#settings.clock.now()
    this.#intervalStartMs = endMs
    this.#aggregation.harvest((harvest) => this.#hand(harvest, startMs, endMs))
  }

  #hand(harvest: Harvest, startMs: number, endMs: number): void {
    const { transport } = this.#config
    const settings = { version: this.#settings.agent.version, isMonotonic: this.#isMonotonic }
    for (const [{ address }, metrics] of harvest)
      for (const batch of write(metrics, { startMs, endMs }, settings))
        this.#handover?.give(batch, { transport, clientAddress: address })
  }

  #countLines(): void {
    const { meter, id } = this.#settings
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
    await this.#handover?.stop(abort)
  }
}

const isStream = (transport: StatsdConfig['transport']): transport is StreamTransport =>
  transport === 'unix' || transport.startsWith('tcp')
