// Batches become documents (encode.ts), documents bulk requests, and each document is settled by its part of the answer.
import type { Exporter, Host, Logger, Settings } from '../../contract/index.ts'
import { type Deliveries, deliver } from '../../delivery/index.ts'
import { type HttpClientConfig, noteWithoutEffect } from '../../net/client-config.ts'
import { BulkSender } from '../../search/bulk.ts'
import { basicAuthorization, type NodesConfig, type SearchClient } from '../../search/client.ts'
import { createDeadLetters } from '../../search/dead-letters.ts'
import { openElasticsearch } from '../../search/elasticsearch.ts'
import { type BulkRequest, splitRequest } from '../../search/request.ts'
import type { ElasticsearchConfig } from './config.ts'
import { deliveryOf, maxRetriesOf, retryable } from './delivery.ts'
import { encodeLogs, encodeMetrics, encodeTraces } from './encode.ts'
import { type Environment, nodesOf } from './nodes.ts'
import { createRefusalLog, logged } from './telemetry.ts'

export function createElasticsearchExporter(
  config: ElasticsearchConfig,
  settings: Settings,
  environment: Environment = process.env,
): Exporter {
  let client: SearchClient | undefined
  let sender: BulkSender | undefined

  const open = async (host: Host): Promise<void> => {
    noteEffects(config, settings.log)
    const opened = await openElasticsearch(clientOf(config, environment), settings, host)
    client = logged(opened, config.telemetry, settings.log)
    const retry = retryable(config.retry)
    const deadLetters = createDeadLetters(config.dead_letter, client, retry.document, settings)
    const onRefused = createRefusalLog(config.telemetry, settings)
    const maxRetries = maxRetriesOf(config.retry)
    sender = new BulkSender(
      { retryable: retry, maxRetries, ...(onRefused !== undefined && { onRefused }) },
      client,
      deadLetters,
      settings,
    )
  }
  const close = async (): Promise<void> => {
    sender?.end()
    client?.close()
  }
  const common = {
    open,
    close,
    send: (...[outgoing, context, drop]: Parameters<BulkSender['send']>) => sender!.send(outgoing, context, drop),
    split: ({ request }: { readonly request: BulkRequest }) => splitRequest(request),
  }
  const of: Deliveries<BulkRequest> = {
    traces: { ...common, encode: encodeTraces(config, settings) },
    logs: { ...common, encode: encodeLogs(config, settings) },
    metrics: { ...common, encode: encodeMetrics(config, settings) },
  }
  return deliver(of, deliveryOf(config), settings)
}

/** Why a setting changes nothing here. */
const IDLE = {
  'mapping::dedup': 'a name that stands twice never gets into a document',
  'mapping::dedot': 'the mode ecs makes objects of dots, the others do not',
  suppress_conflict_errors: 'a document that is there already under its own id counts as delivered',
  logs_dynamic_index: 'indices depend on attributes where logs_index does not say otherwise',
  traces_dynamic_index: 'indices depend on attributes where traces_index does not say otherwise',
  metrics_dynamic_index: 'indices depend on attributes where metrics_index does not say otherwise',
} as const
/** What a setting is called now. */
const OLD = {
  index: 'logs_index',
  num_workers: 'sending_queue::num_consumers',
  batcher: 'sending_queue::batch',
  'flush::interval': 'sending_queue::batch::flush_timeout',
  'retry::max_requests': 'retry::max_retries, which is one less',
} as const

function noteEffects(config: ElasticsearchConfig, log: Logger): void {
  noteWithoutEffect(config, 'http', log)
  const { logs_dynamic_index, traces_dynamic_index, metrics_dynamic_index } = config
  const given: Readonly<Record<keyof typeof IDLE | keyof typeof OLD, unknown>> = {
    'mapping::dedup': config.mapping.dedup,
    'mapping::dedot': config.mapping.dedot,
    suppress_conflict_errors: config.suppress_conflict_errors,
    logs_dynamic_index: logs_dynamic_index?.enabled,
    traces_dynamic_index: traces_dynamic_index?.enabled,
    metrics_dynamic_index: metrics_dynamic_index?.enabled,
    index: config.index || undefined,
    num_workers: config.num_workers,
    batcher: config.batcher,
    'flush::interval': config.flush.interval,
    'retry::max_requests': config.retry.max_requests,
  }
  const isGiven = ([setting]: [string, string]): boolean => given[setting as keyof typeof given] !== undefined
  for (const [setting, why] of Object.entries(IDLE).filter(isGiven)) log.info('setting has no effect', { setting, why })
  for (const [setting, now] of Object.entries(OLD).filter(isGiven))
    log.info('setting has a newer name', { setting, now })
}

function clientOf(config: ElasticsearchConfig, environment: Environment): NodesConfig {
  const { user, password, api_key, pipeline, discover, include_source_on_error, bulk_response_filter_path } = config
  const query = new URLSearchParams({
    filter_path: `errors,items.*.status,${bulk_response_filter_path || 'items.*.error'}`,
    ...(pipeline !== '' && { pipeline }),
    ...(include_source_on_error !== undefined && { include_source_on_error: String(include_source_on_error) }),
  })
  return {
    nodes: nodesOf(config, environment),
    http: quick(config),
    authorization: api_key === undefined ? basicAuthorization(user, password) : `ApiKey ${api_key.reveal()}`,
    query: `?${query}`,
    sniff: { onStart: discover.on_start, intervalMs: discover.interval },
  }
}

/** Compressed little where the config does not say how much. */
function quick(config: ElasticsearchConfig): HttpClientConfig {
  const { level } = config.compression_params
  return { ...config, compression_params: { level: config.compression === 'gzip' && level === 0 ? 1 : level } }
}
