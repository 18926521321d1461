import { type Consume, type Exporter, type Settings, ShutdownError } from '../../contract/index.ts'
import type { Signal } from '../../data/index.ts'

export function createNopExporter(settings: Settings): Exporter {
  let isStopped = false

  const take = <S extends Signal>(signal: S): Consume<S> => {
    const ledger = settings.ledger(signal)
    return async (batch) => {
      if (isStopped) throw new ShutdownError('the exporter has stopped')
      ledger.out(batch.items)
    }
  }
  return {
    consumers: { traces: take('traces'), metrics: take('metrics'), logs: take('logs') },
    async stop() {
      isStopped = true
    },
  }
}
