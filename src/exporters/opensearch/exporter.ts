// Batches become documents (encode.ts), documents bulk requests, and each document is settled by its part of the answer.
import type { Exporter, Host, Logger, Settings } from '../../contract/index.ts'
import { type Deliveries, deliver } from '../../delivery/index.ts'
import { noteWithoutEffect } from '../../net/client-config.ts'
import { RETRYABLE, retryableStatus } from '../../search/answer.ts'
import { BulkSender } from '../../search/bulk.ts'
import { basicAuthorization, type NodesConfig, type SearchClient } from '../../search/client.ts'
import { createDeadLetters } from '../../search/dead-letters.ts'
import { openOpenSearch } from '../../search/opensearch.ts'
import { type BulkRequest, splitRequest } from '../../search/request.ts'
import type { OpenSearchConfig } from './config.ts'
import { createEncoders, type Encoders } from './encode.ts'
import { fieldsOf } from './fields-file.ts'

export function createOpenSearchExporter(config: OpenSearchConfig, settings: Settings): Exporter {
  let encoders: Encoders | undefined
  let client: SearchClient | undefined
  let sender: BulkSender | undefined

  const open = async (host: Host): Promise<void> => {
    noteWithoutEffect(config.http, 'http', settings.log)
    noteMapping(config.mapping, settings.log)
    encoders = createEncoders(config, await fieldsOf(config.mapping), settings)
    client = await openOpenSearch(nodesOf(config), settings, host)
    const deadLetters = createDeadLetters(config.dead_letter, client, retryableStatus, settings)
    sender = new BulkSender({ retryable: RETRYABLE, maxRetries: undefined }, client, deadLetters, settings)
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
    traces: { ...common, encode: (batch, drop) => encoders!.traces(batch, drop) },
    logs: { ...common, encode: (batch, drop) => encoders!.logs(batch, drop) },
    metrics: { ...common, encode: (batch, drop) => encoders!.metrics(batch, drop) },
  }
  return deliver(of, { ...config, timeout: timeoutOf(config), auth: config.http.auth }, settings)
}

function noteMapping(mapping: OpenSearchConfig['mapping'], log: Logger): void {
  const note = (setting: string, why: string): void => log.info('setting has no effect', { setting, why })
  if (mapping.dedup !== undefined) note('mapping::dedup', 'a name that stands twice never gets into a document')
  if (mapping.mode === 'ecs' || mapping.mode === 'flatten_attributes') return
  const { fields, file, timestamp_field, unix_timestamp, dedot } = mapping
  const given = { fields: Object.keys(fields).length > 0, file: file !== '', timestamp_field: timestamp_field !== '' }
  for (const [name, isGiven] of Object.entries({ ...given, unix_timestamp, dedot }))
    if (isGiven) note(`mapping::${name}`, 'it is for the modes ecs and flatten_attributes')
}

function nodesOf(config: OpenSearchConfig): NodesConfig {
  const { http, endpoints, user, password, pipeline, discover } = config
  const query = new URLSearchParams({ filter_path: 'errors,items.*.status,items.*.error' })
  if (pipeline !== '') query.set('pipeline', pipeline)
  return {
    nodes: [http.endpoint, ...endpoints].filter((url) => url !== ''),
    http,
    authorization: basicAuthorization(user, password),
    query: `?${query}`,
    sniff: { onStart: discover.on_start, intervalMs: discover.interval },
  }
}

/** The shorter of the two; 0 is no limit. */
const timeoutOf = ({ timeout, http }: OpenSearchConfig): number =>
  timeout === 0 || http.timeout === 0 ? timeout + http.timeout : Math.min(timeout, http.timeout)
