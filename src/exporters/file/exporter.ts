import { dirname } from 'node:path'
import {
  type Consume,
  type Exporter,
  type Host,
  messageOf,
  PermanentError,
  type Settings,
  ShutdownError,
} from '../../contract/index.ts'
import { type Batch, keyOf, type Signal } from '../../data/index.ts'
import type { FileConfig } from './config.ts'
import { codeOf, type Disk, NO_LINK, nodeDisk } from './disk.ts'
import { type FileOptions, OutputFile } from './file.ts'
import { GroupedFiles, makeDirectoryInside } from './grouped.ts'
import { groupByAttribute } from './groups.ts'
import { createEncode } from './record.ts'
import { parseTemplate } from './segments.ts'

const MEGABYTE = 1_048_576
const DEFAULT_DIRECTORY_MODE = 0o755

/** Takes a batch whole or not at all, but for what can never be written, which it drops and counts. */
type Write = (batch: Batch, drop: (items: number, reason: string) => void) => Promise<void>

export function createFileExporter(config: FileConfig, settings: Settings, disk: Disk = nodeDisk): Exporter {
  const health = createHealth(settings)
  const files = config.group_by.enabled
    ? grouped(config, settings, disk, health.report)
    : single(config, settings, disk, health.report)
  let isStopped = false

  const consume = <S extends Signal>(signal: S): Consume<S> => {
    const ledger = settings.ledger(signal)
    return async (batch) => {
      if (isStopped) throw new ShutdownError('the exporter has stopped')
      let droppedItems = 0
      const drops: [number, string][] = []
      if (batch.sizeBytes > 0)
        await files.write(batch, (items, reason) => {
          droppedItems += items
          drops.push([items, reason])
        })
      for (const [items, reason] of drops) ledger.dropped(items, reason)
      ledger.out(batch.items - droppedItems)
    }
  }
  return {
    consumers: { traces: consume('traces'), metrics: consume('metrics'), logs: consume('logs') },
    async start(host) {
      health.start(host)
      await files.start()
    },
    async stop(abort) {
      isStopped = true
      await Promise.race([files.close(), aborted(abort)])
    },
  }
}

interface Files {
  start(): Promise<void>
  write: Write
  close(): Promise<void>
}

function single(config: FileConfig, settings: Settings, disk: Disk, report: FileOptions['report']): Files {
  const options = optionsOf(config, !config.append, 0, (path) => makeDirectory(config, dirname(path), disk), report)
  const file = new OutputFile(config.path, options, disk, settings.clock, settings.log)
  return {
    async start() {
      await file.open().catch((error) => {
        throw new Error(advice(config, error), { cause: error })
      })
      file.prune()
    },
    write: (batch) => file.write(batch),
    close: () => file.close(),
  }
}

function advice(config: FileConfig, error: unknown): string {
  return codeOf(error) === 'ENOENT'
    ? `path: directory ${dirname(config.path)} does not exist: create it or set create_directory: true`
    : `path: ${messageOf(error)}`
}

function grouped(config: FileConfig, settings: Settings, disk: Disk, report: FileOptions['report']): Files {
  const { resource_attribute, max_open_files } = config.group_by
  const template = parseTemplate(config.path)
  const attribute = keyOf(resource_attribute)
  const mode = config.directory_permissions ?? DEFAULT_DIRECTORY_MODE
  const prepare = (path: string): Promise<void> => makeDirectoryInside(template.root, path, mode, disk)
  const files = new GroupedFiles(template, max_open_files, (path, isNew) => {
    const options = optionsOf(config, isNew && !config.append, NO_LINK, prepare, report)
    return new OutputFile(path, options, disk, settings.clock, settings.log)
  })
  let hasWarned = false
  return {
    async start() {
      await disk.mkdir(template.root, { recursive: true, mode })
    },
    async write(batch, drop) {
      const { batches, without } = groupByAttribute(batch, attribute)
      if (without > 0) {
        drop(without, 'no_path_segment')
        if (!hasWarned)
          settings.log.warn('resources without the attribute are dropped', { attribute: resource_attribute })
        hasWarned = true
      }
      await settleAll([...batches].map(([value, part]) => dropImpossible(files.write(value, part), part, drop)))
    },
    close: () => files.close(),
  }
}

/** One value that cannot become a file must not hold up the others. */
const dropImpossible = (
  write: Promise<void>,
  part: Batch,
  drop: (items: number, reason: string) => void,
): Promise<void> =>
  write.catch((error) => {
    if (!(error instanceof PermanentError)) throw error
    drop(part.items, error.reason)
  })

/** Waits for every part; when one was not taken, the sender repeats the whole: twice is better than never. */
async function settleAll(writes: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(writes)) if (result.status === 'rejected') throw result.reason
}

async function makeDirectory(config: FileConfig, directory: string, disk: Disk): Promise<void> {
  if (config.create_directory)
    await disk.mkdir(directory, { recursive: true, mode: config.directory_permissions ?? DEFAULT_DIRECTORY_MODE })
}

function optionsOf(
  { rotation, flush_interval, format, compression, compression_params }: FileConfig,
  isEmptied: boolean,
  flags: number,
  prepare: FileOptions['prepare'],
  report: FileOptions['report'],
): FileOptions {
  return {
    isEmptied: isEmptied && rotation === undefined,
    rotation: rotation && {
      maxBytes: (rotation.max_megabytes || 100) * MEGABYTE,
      maxBackups: rotation.max_backups,
      maxDays: rotation.max_days,
      isLocalTime: rotation.localtime,
    },
    flushMs: flush_interval || 1000,
    encode: createEncode(format, compression, compression_params.level),
    flags,
    prepare,
    report,
  }
}

/** Degraded while some file takes nothing; said once, not for every batch. */
function createHealth(settings: Settings): { start(host: Host): void; report: FileOptions['report'] } {
  const failing = new Set<OutputFile>()
  let host: Host | undefined
  return {
    start(running) {
      host = running
    },
    report(file, error) {
      if (error !== undefined) {
        settings.log.error('a file takes nothing: senders are asked to try again', { error: error.message })
        failing.add(file)
        host?.report('degraded', error.message)
        return
      }
      failing.delete(file)
      settings.log.info('the file takes telemetry again', { path: file.path })
      if (failing.size === 0) host?.report('ok')
    },
  }
}

const aborted = (abort: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (abort.aborted) resolve()
    abort.addEventListener('abort', () => resolve(), { once: true })
  })
