import type { Exporter, Settings } from '../../contract/index.ts'
import { type Delivery, deliver } from '../../delivery/index.ts'
import { type NopConfig, once } from './config.ts'

export function createNopExporter({ sending_queue }: NopConfig, settings: Settings): Exporter {
  const nowhere: Delivery<'traces' | 'metrics' | 'logs', undefined> = {
    encode: ({ items }) => [{ request: undefined, items }],
    async send() {},
  }
  return deliver({ traces: nowhere, metrics: nowhere, logs: nowhere }, { sending_queue, ...once }, settings)
}
