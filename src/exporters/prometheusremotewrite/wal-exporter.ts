// In place of the queue: a batch is accepted when its requests are on disk, and they are sent in order until they are taken.
import {
  type Consume,
  type Exporter,
  type Host,
  isRetryable,
  messageOf,
  PermanentError,
  RetryableError,
  reasonOf,
  type Settings,
  ShutdownError,
} from '../../contract/index.ts'
import type { Context } from '../../data/index.ts'
import { type Delivery, type DeliveryConfig, type Drop, isOutgoing, senderKeysOf } from '../../delivery/index.ts'
import type { WalConfig } from './config.ts'
import type { Requests } from './exporter.ts'
import type { Wal, WalEntry, WalRead } from './wal.ts'

/** A destination that is away gets the same request again after such a time, longer each time up to `max_interval`. */
interface Waits {
  readonly initial_interval: number
  readonly multiplier: number
  readonly max_interval: number
}

export function deliverThroughWal(
  delivery: Delivery<'metrics', Requests>,
  wal: Wal,
  config: DeliveryConfig,
  settingsOfWal: WalConfig,
  settings: Settings,
): Exporter {
  return new WalExporter(delivery, wal, config, settingsOfWal, settings)
}

const READ_AGAIN_MS = 5000

class WalExporter implements Exporter {
  readonly consumers: { readonly metrics: Consume<'metrics'> }
  readonly #delivery: Delivery<'metrics', Requests>
  readonly #wal: Wal
  readonly #config: DeliveryConfig
  readonly #walConfig: WalConfig
  readonly #settings: Settings
  readonly #end = new AbortController()
  readonly #cancels = new Map<string, () => void>()
  #host: Host | undefined
  #wake: () => void = () => {}
  #loop: Promise<void> | undefined
  #isStopping = false
  #heldItems = 0
  #lag = 0

  constructor(
    delivery: Delivery<'metrics', Requests>,
    wal: Wal,
    config: DeliveryConfig,
    walConfig: WalConfig,
    settings: Settings,
  ) {
    this.#delivery = delivery
    this.#wal = wal
    this.#config = config
    this.#walConfig = walConfig
    this.#settings = settings
    this.consumers = { metrics: (batch, context) => this.#take(batch, context) }
    settings.meter
      .createObservableGauge('sluice_exporter_prometheusremotewrite_wal_lag', {
        description: 'Batches in the write-ahead log that have not been sent.',
        unit: '{batches}',
      })
      .addCallback((result) => result.observe(this.#lag, { exporter: settings.id }))
  }

  async start(host: Host): Promise<void> {
    this.#host = host
    await this.#delivery.open?.(host)
    this.#checkSenders(host)
    const items = await this.#wal.open()
    if (items > 0) {
      this.#settings.log.info('sends what the write-ahead log has from the last run', { items })
      this.#settings.ledger('metrics').created(items)
      this.#heldItems += items
    }
    this.#every('truncate', this.#walConfig.truncate_frequency, () => this.#truncate())
    this.#every('lag', this.#walConfig.lag_record_frequency, () => void (this.#lag = this.#wal.waiting))
    this.#loop = this.#run()
  }

  /** What comes from the disk has no sender any more. */
  #checkSenders(host: Host): void {
    const id = this.#config.auth?.authenticator
    const { metadata = [], auth = [] } = (id && senderKeysOf(host, id)) || {}
    if (metadata.length + auth.length === 0) return
    throw new Error(
      `wal: does not keep who sent the data, which ${id} asks for (${[...metadata, ...auth].join(', ')}): remove wal, or use an exporter for each sender`,
    )
  }

  async #take(...[batch, { metadata }]: Parameters<Consume<'metrics'>>): Promise<void> {
    if (this.#isStopping) throw new ShutdownError('the exporter is stopping')
    const ledger = this.#settings.ledger('metrics')
    let dropped = 0
    const drop: Drop = (items, reason) => {
      dropped += items
      ledger.dropped(items, reason)
    }
    const requests = this.#delivery.encode(batch, drop, metadata)
    const kept = batch.items - dropped
    if (requests.length === 0) return
    try {
      await this.#wal.append(
        requests.flatMap(({ request }) => request),
        kept,
      )
    } catch (error) {
      // The sender has all of it back; what was dropped was a copy.
      if (dropped > 0) ledger.created(dropped)
      throw new RetryableError(`write-ahead log: ${messageOf(error)}`, { cause: error, reason: 'wal' })
    }
    this.#heldItems += kept
    this.#wake()
  }

  async #run(): Promise<void> {
    while (!this.#isStopping) {
      const { entries, lostItems } = await this.#read()
      if (lostItems > 0) this.#lose(lostItems)
      if (entries.length === 0) await this.#idle()
      for (const entry of entries) {
        if (!(await this.#send(entry))) return
        this.#wal.markSent(entry.index)
      }
    }
  }

  /** A disk that does not answer, or no file handles left: it is tried again, or what is there would wait for ever. */
  async #read(): Promise<WalRead> {
    while (!this.#isStopping) {
      try {
        return await this.#wal.read(this.#walConfig.buffer_size)
      } catch (error) {
        const reason = `write-ahead log: ${messageOf(error)}`
        this.#host?.report('degraded', reason)
        this.#settings.log.error('the write-ahead log cannot be read: what is in it waits', { error: messageOf(error) })
        await this.#settings.clock.sleep(READ_AGAIN_MS, this.#end.signal).catch(() => {})
      }
    }
    return { entries: [], lostItems: 0 }
  }

  #lose(items: number): void {
    this.#heldItems -= items
    this.#settings.ledger('metrics').dropped(items, 'wal_damaged')
  }

  #idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
      if (this.#isStopping || this.#wal.waiting > 0) resolve()
    })
  }

  /** False when the agent stops before it is settled: the next run sends it. */
  async #send({ requests, items }: WalEntry): Promise<boolean> {
    const ledger = this.#settings.ledger('metrics')
    const { initial_interval, multiplier, max_interval }: Waits = this.#config.retry_on_failure
    let outgoing = { request: requests as Requests, items }
    let waitMs = initial_interval
    while (!this.#isStopping) {
      let dropped = 0
      const drop = (lost: number, reason: string): void => {
        dropped += lost
        ledger.dropped(lost, reason)
      }
      const { context, cancel } = this.#attempt()
      const error = await this.#delivery.send(outgoing, context, drop).then(
        () => undefined,
        (reason: unknown) => reason,
      )
      cancel()
      if (error === undefined || !isRetryable(error)) {
        if (error instanceof PermanentError) drop(outgoing.items - dropped, reasonOf(error))
        this.#settle(outgoing.items, outgoing.items - dropped)
        this.#host?.report('ok')
        return true
      }
      const rest = error instanceof RetryableError && isOutgoing<Requests>(error.remaining) ? error.remaining : outgoing
      this.#settle(outgoing.items - rest.items, outgoing.items - rest.items - dropped)
      outgoing = rest
      this.#host?.report('degraded', messageOf(error))
      const asked = error instanceof RetryableError ? (error.waitMs ?? 0) : 0
      await this.#settings.clock
        .sleep(Math.max(waitMs, Math.min(asked, max_interval)), this.#end.signal)
        .catch(() => {})
      waitMs = Math.min(waitMs * multiplier, max_interval)
    }
    return false
  }

  /** An attempt ends with its time limit, or with the agent. */
  #attempt(): { context: Context; cancel: () => void } {
    const attempt = new AbortController()
    const end = (): void => attempt.abort(new ShutdownError('the exporter is stopping'))
    this.#end.signal.addEventListener('abort', end, { once: true })
    const { timeout } = this.#config
    const late = (): void => attempt.abort(new RetryableError(`no answer within ${timeout} ms`, { reason: 'timeout' }))
    const cancel = timeout > 0 ? this.#settings.clock.after(timeout, late) : () => {}
    return {
      context: { abort: attempt.signal, metadata: new Map() },
      cancel: () => {
        cancel()
        this.#end.signal.removeEventListener('abort', end)
      },
    }
  }

  #settle(items: number, delivered: number): void {
    this.#heldItems -= items
    this.#settings.ledger('metrics').out(delivered)
  }

  async #truncate(): Promise<void> {
    try {
      await this.#wal.truncate()
    } catch (error) {
      this.#settings.log.warn('what has been sent could not be removed from the write-ahead log', {
        error: messageOf(error),
      })
    }
  }

  #every(name: string, ms: number, run: () => unknown): void {
    this.#cancels.set(
      name,
      this.#settings.clock.after(ms, () => {
        run()
        this.#every(name, ms, run)
      }),
    )
  }

  async stop(): Promise<void> {
    if (this.#isStopping) return this.#loop
    this.#isStopping = true
    for (const cancel of this.#cancels.values()) cancel()
    this.#end.abort(new ShutdownError('the exporter is stopping'))
    this.#wake()
    await this.#loop
    if (this.#loop !== undefined) await this.#wal.close()
    // On disk is where it was to be: the next run has it.
    if (this.#heldItems > 0) {
      this.#settings.log.info('the write-ahead log keeps what has not been sent', { items: this.#heldItems })
      this.#settings.ledger('metrics').out(this.#heldItems)
      this.#heldItems = 0
    }
    await this.#delivery.close?.(AbortSignal.abort())
  }
}
