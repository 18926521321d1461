// `telemetry`: requests, answers and refused documents in the log, at the level debug.
import type { Logger, Settings } from '../../contract/index.ts'
import type { BulkOptions } from '../../search/bulk.ts'
import type { SearchClient } from '../../search/client.ts'
import type { ElasticsearchConfig } from './config.ts'

type Telemetry = ElasticsearchConfig['telemetry']

/** Of a text in the log. */
const MAX_CHARACTERS = 65_536

export function logged(client: SearchClient, telemetry: Telemetry, log: Logger): SearchClient {
  const { log_request_body, log_response_body } = telemetry
  if (!log_request_body && !log_response_body) return client
  return {
    async bulk(body, abort, sender) {
      if (log_request_body) log.debug('bulk request', { body: textOf(body) })
      const reply = await client.bulk(body, abort, sender)
      if (log_response_body) log.debug('bulk answer', { status: reply.status, body: textOf(reply.body) })
      return reply
    },
    close: () => client.close(),
  }
}

export function createRefusalLog(
  { log_failed_docs_input, log_failed_docs_input_rate_limit }: Telemetry,
  { log, clock }: Settings,
): BulkOptions['onRefused'] | undefined {
  if (!log_failed_docs_input) return undefined
  let nextMs = Number.NEGATIVE_INFINITY
  return ({ status, type, reason }, document) => {
    const nowMs = clock.monotonicMs()
    if (nowMs < nextMs) return
    nextMs = nowMs + log_failed_docs_input_rate_limit
    log.debug('document refused', { status, type, reason, document: textOf(document) })
  }
}

const textOf = (bytes: Buffer): string => bytes.toString('utf8', 0, MAX_CHARACTERS)
