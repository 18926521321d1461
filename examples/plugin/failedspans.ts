// An exporter: posts failed spans to a chat webhook. Queue, retry and time limit come from `deliver`.
import {
  type Batch,
  defineExporter,
  deliver,
  deliverySettings,
  keyOf,
  type Outgoing,
  PermanentError,
  RetryableError,
  required,
  secret,
  section,
} from 'sluice/plugin'

const serviceName = keyOf('service.name')

export default defineExporter({
  type: 'failedspans',
  summary: 'Posts failed spans to a chat webhook.',
  stability: 'alpha',
  signals: ['traces'],
  config: section({
    url: required(secret, 'The address of the webhook. It is a secret: whoever has it can post.'),
    ...deliverySettings({ timeout: '10s' }),
  }),
  create: (config, settings) =>
    deliver<string>(
      {
        traces: { encode, send: ({ request }, { abort }) => post(config.url.reveal(), request, abort) },
      },
      config,
      settings,
    ),
})

/** One message for all failed spans of a batch; the others are dropped, with a reason. */
function encode(batch: Batch<'traces'>, drop: (items: number, reason: string) => void): Outgoing<string>[] {
  const lines: string[] = []
  batch.visit({
    onSpan(span, _scope, resource) {
      if (span.statusCode !== 2) return
      lines.push(`${resource.attributes.getString(serviceName) ?? 'unknown'}: ${span.name}: ${span.statusMessage}`)
    },
  })
  drop(batch.items - lines.length, 'not_failed')
  return lines.length > 0 ? [{ request: lines.join('\n'), items: lines.length }] : []
}

async function post(url: string, text: string, abort: AbortSignal): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text }),
    signal: abort,
  })
  await response.arrayBuffer()
  if (response.status === 429 || response.status >= 500) throw new RetryableError(`webhook answered ${response.status}`)
  if (!response.ok) throw new PermanentError(`webhook answered ${response.status}`)
}
