import type { Exporter, Settings } from '../../contract/index.ts'
import { type Delivery, type DeliveryConfig, deliver } from '../../delivery/index.ts'

export function createNopExporter(config: DeliveryConfig, settings: Settings): Exporter {
  const nowhere: Delivery<'traces' | 'metrics' | 'logs', undefined> = {
    encode: ({ items }) => [{ request: undefined, items }],
    async send() {},
  }
  return deliver({ traces: nowhere, metrics: nowhere, logs: nowhere }, config, settings)
}
