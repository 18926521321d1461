// Batches become documents (encode.ts), documents bulk requests, and each document is settled by its part of the answer.
import type { Exporter, Host, Settings } from '../../contract/index.ts'
import { type Deliveries, deliver } from '../../delivery/index.ts'
import { noteWithoutEffect } from '../../net/client-config.ts'
import { retryableStatus } from '../../search/answer.ts'
import { BulkSender } from '../../search/bulk.ts'
import type { SearchClient } from '../../search/client.ts'
import { basicAuthorization } from '../../search/client.ts'
import { createDeadLetters } from '../../search/dead-letters.ts'
import { openOpenSearch } from '../../search/opensearch.ts'
import { type BulkRequest, splitRequest } from '../../search/request.ts'
import type { OpenSearchConfig } from './config.ts'
import { createEncoders } from './encode.ts'

export function createOpenSearchExporter(config: OpenSearchConfig, settings: Settings): Exporter {
  const encoders = createEncoders(config, settings)
  let client: SearchClient | undefined
  let sender: BulkSender | undefined

  const open = async (host: Host): Promise<void> => {
    noteWithoutEffect(config.http, 'http', settings.log)
    client = await openOpenSearch(nodesOf(config), settings, host)
    const deadLetters = createDeadLetters(config.dead_letter, client, retryableStatus, settings)
    sender = new BulkSender({ isRetryable: retryableStatus, maxRetries: undefined }, client, deadLetters, settings)
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
    traces: { ...common, encode: encoders.traces },
    logs: { ...common, encode: encoders.logs },
  }
  return deliver(of, { ...config, timeout: timeoutOf(config) }, settings)
}

function nodesOf(config: OpenSearchConfig) {
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
