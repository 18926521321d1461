// Batches as the exporter writes them, without a server.
import * as v from 'valibot'
import type { Batch, Signal } from '../../../src/data/index.ts'
import { config } from '../../../src/exporters/elasticsearch/config.ts'
import { encodeLogs, encodeMetrics, encodeTraces } from '../../../src/exporters/elasticsearch/encode.ts'
import { testSettings } from '../../../src/testing/index.ts'
import { documentsIn } from '../../search/kit.ts'

export interface Written {
  readonly action: string
  readonly index: string
  /** The other parameters of the action line. */
  readonly more: Readonly<Record<string, unknown>>
  // biome-ignore lint/suspicious/noExplicitAny: tests look at what they have written
  readonly document: any
}

export interface Encoded {
  readonly written: readonly Written[]
  readonly dropped: Readonly<Record<string, number>>
  /** That the requests carry. */
  readonly items: number
}

export function encoded(settings: object, batch: Batch, headers: Readonly<Record<string, string>> = {}): Encoded {
  const parsed = v.parse(config, { endpoint: 'http://localhost:9200', ...settings })
  const dropped: Record<string, number> = {}
  const drop = (items: number, reason: string): void => {
    dropped[reason] = (dropped[reason] ?? 0) + items
  }
  const metadata = new Map(Object.entries(headers).map(([name, value]) => [name, [value]]))
  const encoders = {
    logs: encodeLogs(parsed, testSettings()),
    traces: encodeTraces(parsed, testSettings()),
    metrics: encodeMetrics(parsed, testSettings()),
  }
  const requests = (encoders[batch.signal as Signal] as typeof encoders.logs)(batch as Batch<'logs'>, drop, metadata)
  const written = requests.flatMap(({ request }) => documentsIn(request.body)).map(readAction)
  return { written, dropped, items: requests.reduce((sum, { items }) => sum + items, 0) }
}

function readAction({ action: line, document }: { action: unknown; document: unknown }): Written {
  const [[action, { _index: index, ...more }]] = Object.entries(line as Record<string, { _index: string }>) as [
    [string, { _index: string }],
  ]
  return { action, index, more, document }
}
