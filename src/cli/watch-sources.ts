// Looks now and then whether what the config was made from has changed, and says so: a running agent goes on as it started.
import { ChangedSources, type LoadedConfig } from '../config/index.ts'
import type { Settings } from '../contract/index.ts'
import type { HealthRegistry } from '../observe/health.ts'
import { openRemote } from './remote.ts'

type WatchedBy = Pick<Settings, 'log' | 'meter' | 'clock'> & {
  readonly health: Pick<HealthRegistry, 'setChangedSources'>
}

/** Returns what ends it. An interval of 0 is never. */
export function watchSources(
  { read }: Pick<LoadedConfig, 'read'>,
  intervalMs: number,
  { log, meter, clock, health }: WatchedBy,
  options: ConstructorParameters<typeof ChangedSources>[1] = { openRemote },
): () => void {
  const sources = new ChangedSources(read, options)
  if (intervalMs === 0 || sources.size === 0) return () => {}
  measure(sources, meter)
  let isOver = false
  let cancel: () => void = () => {}
  const look = async (): Promise<void> => {
    const { changed, restored, failed } = await sources.look()
    if (isOver) return
    health.setChangedSources(sources.changed)
    for (const source of changed)
      log.warn('a source of the config has changed since the start: restart sluice to take it', { source })
    for (const source of restored) log.info('a source of the config is again what it was at the start', { source })
    for (const { name, error } of failed)
      log.warn('a source of the config cannot be read any more; what it gave at the start stays in use', {
        source: name,
        error,
      })
    cancel = clock.after(intervalMs, () => void look())
  }
  cancel = clock.after(intervalMs, () => void look())
  return () => {
    isOver = true
    cancel()
  }
}

function measure(sources: ChangedSources, meter: Settings['meter']): void {
  meter
    .createObservableGauge('sluice_config_sources_changed', {
      description:
        'Sources of the config (secrets, files, objects) that have changed since the start, and wait for a restart',
      unit: '{source}',
    })
    .addCallback((result) => result.observe(sources.changed.length))
  meter
    .createObservableGauge('sluice_config_sources_unreadable', {
      description: 'Sources of the config that could not be read at the last look',
      unit: '{source}',
    })
    .addCallback((result) => result.observe(sources.failing))
}
