import { type Consume, type Exporter, type Settings, ShutdownError } from '../../contract/index.ts'
import type { Signal } from '../../data/index.ts'
import type { DebugConfig } from './config.ts'
import { count } from './count.ts'
import { createOutput } from './output.ts'

const titles: Readonly<Record<Signal, string>> = { traces: 'Traces', metrics: 'Metrics', logs: 'Logs' }

export function createDebugExporter(config: DebugConfig, settings: Settings): Exporter {
  const output = createOutput(config, settings)
  let isStopped = false

  const write = <S extends Signal>(signal: S): Consume<S> => {
    const ledger = settings.ledger(signal)
    return async (batch) => {
      if (isStopped) throw new ShutdownError('the exporter has stopped')
      await output.write(titles[signal], count(batch))
      ledger.out(batch.items)
    }
  }
  return {
    consumers: { traces: write('traces'), metrics: write('metrics'), logs: write('logs') },
    start: () => output.open(),
    async stop() {
      isStopped = true
      await output.close()
    },
  }
}
