import {
  type BatchProcessor,
  type Consume,
  type Ledger,
  messageOf,
  RetryableError,
  type Settings,
  ShutdownError,
} from '../../contract/index.ts'
import type { Context, Signal } from '../../data/index.ts'
import { Burst, Handover, type Partition, partitionBy } from '../../delivery/index.ts'
import type { Config } from './config.ts'
import { type BatchMetrics, batchMetrics } from './metrics.ts'
import { Shard } from './shard.ts'

export const batching =
  <S extends Signal>(signal: S) =>
  (config: Config, settings: Settings, next: Consume<S>): BatchProcessor<S> =>
    new Batching(signal, config, settings, next)

class Batching<S extends Signal> implements BatchProcessor<S> {
  readonly #config: Config
  readonly #settings: Settings
  readonly #next: Consume<S>
  readonly #ledger: Ledger
  readonly #metrics: BatchMetrics
  readonly #partition: Partition
  /** By combination of metadata values. */
  readonly #shards = new Map<string, Shard<S>>()
  readonly #life = new AbortController()
  readonly #losses: Burst
  #shutdownItems = 0
  #stopped: Promise<void> | undefined

  constructor(signal: S, config: Config, settings: Settings, next: Consume<S>) {
    this.#config = config
    this.#settings = settings
    this.#next = next
    this.#ledger = settings.ledger(signal)
    this.#metrics = batchMetrics(settings.meter, settings.id)
    this.#partition = partitionBy(config.metadata_keys)
    const { clock, log } = settings
    this.#losses = new Burst(
      clock,
      (...line) => log.error(...line),
      'data lost: refused for good by what comes next',
      {},
    )
    if (config.metadata_keys.length === 0) this.#shardOf(new Map())
  }

  readonly consume: Consume<S> = (batch, context) => {
    if (batch.items === 0) return Promise.resolve()
    if (this.#stopped !== undefined) return Promise.reject(new ShutdownError('the batch processor is stopping'))
    try {
      return this.#shardOf(context.metadata).add(batch, context)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Sends what is there, each batch once more, for as long as `abort` lets it; counts and reports what is left. */
  async stop(abort: AbortSignal): Promise<void> {
    const end = (): void => {
      for (const shard of this.#shards.values()) shard.end()
      this.#life.abort(new ShutdownError('the agent is going down'))
    }
    if (abort.aborted) end()
    else abort.addEventListener('abort', end, { once: true })
    this.#stopped ??= this.#stop()
    await this.#stopped
    abort.removeEventListener('abort', end)
  }

  async #stop(): Promise<void> {
    await Promise.all([...this.#shards.values()].map((shard) => shard.stop()))
    this.#losses.end()
    const items = this.#shutdownItems
    if (items > 0) this.#settings.log.error('data lost: it was not delivered before the end', { items })
  }

  #shardOf(metadata: Context['metadata']): Shard<S> {
    const key = this.#partition.keyOf(metadata)
    const found = this.#shards.get(key)
    if (found !== undefined) return found
    const limit = this.#config.metadata_cardinality_limit
    if (limit > 0 && this.#shards.size >= limit) this.#makeRoom(limit)
    const shard = this.#createShard({ abort: this.#life.signal, metadata: this.#partition.pick(metadata) })
    this.#shards.set(key, shard)
    this.#metrics.cardinality(1)
    return shard
  }

  #createShard(context: Context): Shard<S> {
    const { clock, memory } = this.#settings
    return new Shard({
      config: this.#config,
      clock,
      memory,
      handover: new Handover({
        clock,
        next: this.#next,
        context,
        onLost: (items, reason, error) => this.#lose(items, reason, error),
        onLateSent: (items) => this.#ledger.created(items),
      }),
      onSent: (trigger, { items, sizeBytes }) => this.#metrics.sent(trigger, items, sizeBytes),
    })
  }

  #lose(items: number, reason: string, error: unknown): void {
    this.#ledger.dropped(items, reason)
    if (reason === 'shutdown') this.#shutdownItems += items
    else this.#losses.add(items, reason, messageOf(error))
  }

  /** The values of a client that has gone make room for another's. */
  #makeRoom(limit: number): void {
    for (const [key, shard] of this.#shards) {
      if (!shard.isEmpty) continue
      this.#shards.delete(key)
      this.#metrics.cardinality(-1)
      return
    }
    throw new RetryableError(`more than ${limit} combinations of metadata values (metadata_cardinality_limit)`, {
      reason: 'metadata_cardinality',
    })
  }
}
