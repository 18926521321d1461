import { type Consumers, type Host, type Receiver, RetryableError, type Settings } from '../../contract/index.ts'
import type { Signal } from '../../data/index.ts'
import { type DatagramListener, listenForDatagrams } from '../../net/datagrams.ts'
import { Handover } from '../../scrape/handover.ts'
import type { AwsEmfReceiverConfig } from './config.ts'
import { type Listening, listenForConnections } from './connections.ts'
import { readLine } from './line.ts'
import { Refusals } from './refusals.ts'
import { LogTranslation, MetricTranslation } from './translate.ts'

/** What the kernel is asked to keep while the event loop is busy; it gives what net.core.rmem_max allows. */
const BUFFER_BYTES = 8 * 1024 * 1024
/** A batch is handed on before it is larger than that. */
const MAX_BATCH_BYTES = 1024 * 1024
const LINE_FEED = 0x0a
/** When a limiter does not say how long to wait. */
const ADMISSION_WAIT_MS = 1000

export class AwsEmfReceiver implements Receiver {
  readonly #config: AwsEmfReceiverConfig
  readonly #settings: Settings
  readonly #refusals: Refusals
  readonly #logs: { readonly translation: LogTranslation; readonly handover: Handover<'logs'> } | undefined
  readonly #metrics: { readonly translation: MetricTranslation; readonly handover: Handover<'metrics'> } | undefined
  readonly #signals: readonly Signal[]
  #host: Host | undefined
  #listening: Listening[] = []
  #flushes = false
  endpoints: string[] = []

  constructor(config: AwsEmfReceiverConfig, settings: Settings, { logs, metrics }: Consumers) {
    this.#config = config
    this.#settings = settings
    this.#refusals = new Refusals(settings)
    this.#logs = logs && { translation: new LogTranslation(), handover: new Handover(logs, settings) }
    this.#metrics = metrics && { translation: new MetricTranslation(), handover: new Handover(metrics, settings) }
    this.#signals = [...(logs ? ['logs' as const] : []), ...(metrics ? ['metrics' as const] : [])]
  }

  async start(host: Host): Promise<void> {
    const { transports } = this.#config
    this.#host = host
    try {
      for (const transport of new Set(transports))
        this.#listening.push(await (transport === 'tcp' ? this.#listenForConnections() : this.#listenForDatagrams()))
    } catch (error) {
      await this.#close()
      throw error
    }
    this.endpoints = this.#listening.map((one) => one.endpoint)
  }

  #listenForConnections(): Promise<Listening> {
    return listenForConnections(this.#config, this.#settings, {
      onLines: (bytes, start, end) => this.#takeLines(bytes, start, end),
      onRefused: (reason) => this.#refusals.refuse(reason),
      room: (sizeBytes) => this.#room(sizeBytes),
    })
  }

  async #listenForDatagrams(): Promise<Listening> {
    const { endpoint, socket_buffer_size } = this.#config
    const listener = await listenForDatagrams(
      { endpoint, transport: 'udp', bufferBytes: socket_buffer_size || BUFFER_BYTES },
      {
        onDatagram: (bytes, start, end) => this.#takeDatagram(bytes, start, end),
        // What there is of it follows: its last line has no end, and is counted for that.
        onTruncated: ignore,
        onError: (error) => this.#settings.log.error('packets cannot be received', { endpoint, error: error.message }),
      },
    )
    this.#countLost(listener)
    return listener
  }

  #countLost(listener: DatagramListener): void {
    const { meter, id } = this.#settings
    meter
      .createObservableCounter('sluice_receiver_lost_packets', {
        description: 'Packets that the kernel had no room for, where it says so.',
      })
      .addCallback(async (result) => {
        const packets = await listener.lostPackets()
        if (packets !== undefined) result.observe(packets, { receiver: id })
      })
  }

  /** What cannot be admitted is lost: nobody can be asked to wait. */
  #takeDatagram(bytes: Buffer, start: number, end: number): void {
    if (end - start > this.#config.max_line_size) this.#refusals.refuse('line_too_long')
    else if (this.#refusedForMs(end - start) !== undefined) this.#refusals.refuse('no_memory')
    else this.#takeLines(bytes, start, end)
  }

  #takeLines(bytes: Buffer, start: number, end: number): void {
    for (let at = start; at < end; ) {
      const found = bytes.indexOf(LINE_FEED, at)
      const stop = found < 0 || found > end ? end : found
      this.#takeLine(bytes, at, stop)
      at = stop + 1
    }
  }

  /**
   * What the memory limiters say: undefined when so many bytes may be taken, else how long to wait. They are not held on to:
   * what has been taken counts from `flush` on, in this same turn of the event loop.
   */
  #refusedForMs(sizeBytes: number): number | undefined {
    try {
      for (const signal of this.#signals) this.#host!.admit(signal, sizeBytes).release()
      return undefined
    } catch (error) {
      if (error instanceof RetryableError) return error.waitMs ?? ADMISSION_WAIT_MS
      throw error
    }
  }

  #takeLine(bytes: Buffer, start: number, end: number): void {
    const text = bytes.toString('utf8', start, end).trim()
    if (text === '') return
    // Faults of metrics are nothing to who only wants the lines.
    const metrics = this.#metrics
    const onFault = metrics ? this.#onFault : ignore
    const line = readLine(text, onFault)
    if (typeof line === 'string') return this.#refusals.refuse(line, text)
    const nowMs = this.#settings.clock.now()
    this.#logs?.translation.add(text, line, nowMs)
    metrics?.translation.add(line, nowMs, onFault)
    this.#flushSoon()
  }

  readonly #onFault = (...[fault, name]: Parameters<Refusals['refuseMetric']>): void =>
    this.#refusals.refuseMetric(fault, name)

  /** What has come in one turn of the event loop is one batch. */
  #flushSoon(): void {
    const sizeBytes = Math.max(this.#logs?.translation.sizeBytes ?? 0, this.#metrics?.translation.sizeBytes ?? 0)
    if (sizeBytes > MAX_BATCH_BYTES) this.#flush()
    if (this.#flushes) return
    this.#flushes = true
    setImmediate(this.#flushLater)
  }

  readonly #flushLater = (): void => {
    this.#flushes = false
    this.#flush()
  }

  #flush(): void {
    if (this.#logs !== undefined) this.#logs.handover.give(this.#logs.translation.build())
    if (this.#metrics !== undefined) this.#metrics.handover.give(this.#metrics.translation.build())
  }

  /** Who can wait waits for the pipeline that is behind most. */
  #room(sizeBytes: number): Promise<void> | undefined {
    const logs = this.#logs?.handover.room()
    const metrics = this.#metrics?.handover.room()
    if (logs || metrics) return Promise.all([logs, metrics]).then(ignore)
    const refusedForMs = this.#refusedForMs(sizeBytes)
    return refusedForMs === undefined ? undefined : this.#settings.clock.sleep(refusedForMs)
  }

  async stop(abort: AbortSignal): Promise<void> {
    await this.#close()
    this.#flush()
    await Promise.all([this.#logs?.handover.stop(abort), this.#metrics?.handover.stop(abort)])
  }

  async #close(): Promise<void> {
    const listening = this.#listening
    this.#listening = []
    this.endpoints = []
    await Promise.all(listening.map((one) => one.stop()))
  }
}

const ignore = (): void => {}
