// What the exporter's own settings say about the queue, retries and the size of requests, in the words of delivery.
import type { BatchConfig, DeliveryConfig } from '../../delivery/index.ts'
import { type IsRetryable, retryableStatus } from '../../search/answer.ts'
import type { ElasticsearchConfig } from './config.ts'

/** The header by which a sender chooses a mapping mode: batches of senders who differ in it are kept apart. */
export const MODE_HEADER = 'x-elastic-mapping-mode'

export function deliveryOf(config: ElasticsearchConfig): DeliveryConfig {
  const { sending_queue, retry, num_workers, timeout, auth } = config
  return {
    auth,
    sending_queue: {
      ...sending_queue,
      num_consumers: num_workers ?? sending_queue.num_consumers,
      batch: batchOf(config),
    },
    retry_on_failure: {
      enabled: retry.enabled,
      initial_interval: retry.initial_interval,
      max_interval: retry.max_interval,
      max_elapsed_time: retry.max_elapsed_time,
      multiplier: 2,
      randomization_factor: 0.5,
    },
    timeout,
  }
}

function batchOf({ sending_queue, batcher, flush, metadata_keys }: ElasticsearchConfig): BatchConfig | undefined {
  if (batcher?.enabled === false || sending_queue.batch === undefined) return undefined
  const { batch } = sending_queue
  const old = batcher?.enabled === true ? oldBatch(batcher) : {}
  const keys = [...batch.partition.metadata_keys, ...metadata_keys, MODE_HEADER].map((key) => key.toLowerCase())
  return {
    ...batch,
    ...(flush.interval !== undefined && { flush_timeout: flush.interval }),
    ...old,
    partition: { metadata_keys: [...new Set(keys)] },
  }
}

function oldBatch(batcher: NonNullable<ElasticsearchConfig['batcher']>): Partial<BatchConfig> {
  const { min_size, max_size, min_size_items, max_size_items, sizer, flush_timeout } = batcher
  return {
    min_size: min_size ?? min_size_items ?? 5000,
    max_size: max_size ?? max_size_items ?? 0,
    sizer: sizer ?? 'items',
    ...(flush_timeout !== undefined && { flush_timeout }),
  }
}

/** Undefined: no limit but the time. */
export function maxRetriesOf({ max_retries, max_requests }: ElasticsearchConfig['retry']): number | undefined {
  return max_retries ?? (max_requests === undefined ? undefined : Math.max(0, max_requests - 1))
}

/** Of requests, and of documents. */
export function retryable({ retry_on_status, retry_on_document_status }: ElasticsearchConfig['retry']): {
  readonly request: IsRetryable
  readonly document: IsRetryable
} {
  const among = (statuses: readonly number[] | undefined): IsRetryable => {
    if (statuses === undefined) return retryableStatus
    const set = new Set(statuses)
    return (status) => set.has(status)
  }
  return { request: among(retry_on_status), document: among(retry_on_document_status ?? retry_on_status) }
}
