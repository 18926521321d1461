import { type Exporter, messageOf, PermanentError, type Settings } from '../../contract/index.ts'
import type { Batch, Signal } from '../../data/index.ts'
import { type Delivery, deliver } from '../../delivery/index.ts'
import { type DebugConfig, once } from './config.ts'
import { count } from './count.ts'
import { detailed } from './detailed.ts'
import { normal } from './normal.ts'
import { createOutput } from './output.ts'
import { write } from './walk.ts'

const titles: Readonly<Record<Signal, string>> = { traces: 'Traces', metrics: 'Metrics', logs: 'Logs' }

export function createDebugExporter(config: DebugConfig, settings: Settings): Exporter {
  const output = createOutput(config, settings)
  const format = { basic: undefined, normal, detailed }[config.verbosity]
  const open = (): Promise<void> => output.open()
  const close = (): Promise<void> => output.close()

  const delivery = <S extends Signal>(signal: S): Delivery<S, Batch> => ({
    open,
    close,
    encode: (batch) => [{ request: batch, items: batch.items }],
    async send({ request }) {
      try {
        await output.counts(titles[signal], count(request))
        if (format !== undefined) await output.text(titles[signal], write(request, format))
      } catch (error) {
        // Nobody looks any more: that must not hold up the pipeline.
        throw new PermanentError(`output: ${messageOf(error)}`, { cause: error, reason: 'output_failed' })
      }
    },
  })
  const { sending_queue } = config
  return deliver(
    { traces: delivery('traces'), metrics: delivery('metrics'), logs: delivery('logs') },
    { sending_queue, ...once },
    settings,
  )
}
