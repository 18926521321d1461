import { dirname } from 'node:path'
import { type Exporter, messageOf, type Settings } from '../../contract/index.ts'
import { type Batch, keyOf, type Signal } from '../../data/index.ts'
import { type Delivery, type Drop, deliver, type Outgoing } from '../../delivery/index.ts'
import type { FileConfig } from './config.ts'
import { codeOf, type Disk, NO_LINK, nodeDisk } from './disk.ts'
import { type FileOptions, OutputFile } from './file.ts'
import { GroupedFiles, makeDirectoryInside } from './grouped.ts'
import { groupByAttribute } from './groups.ts'
import { createEncode } from './record.ts'
import { parseTemplate } from './segments.ts'

const MEGABYTE = 1_048_576
const DEFAULT_DIRECTORY_MODE = 0o755

/** A batch for one file. It stays the bytes that it is until its turn to be written comes. */
interface Part {
  /** Of the attribute that chooses the file; "" where there is one file. */
  readonly value: string
  readonly batch: Batch
}

interface Files {
  open(): Promise<void>
  split(batch: Batch, drop: Drop): Outgoing<Part>[]
  write(part: Part): Promise<void>
  close(): Promise<void>
}

export function createFileExporter(config: FileConfig, settings: Settings, disk: Disk = nodeDisk): Exporter {
  const files = config.group_by.enabled ? grouped(config, settings, disk) : single(config, settings, disk)
  const open = (): Promise<void> => files.open()
  const close = (): Promise<void> => files.close()
  const delivery = <S extends Signal>(): Delivery<S, Part> => ({
    open,
    close,
    encode: (batch, drop) => files.split(batch, drop),
    send: ({ request }) => files.write(request),
  })
  return deliver({ traces: delivery(), metrics: delivery(), logs: delivery() }, config, settings)
}

function single(config: FileConfig, { clock, log }: Settings, disk: Disk): Files {
  const makeDirectory = async (): Promise<void> => {
    if (config.create_directory) await disk.mkdir(dirname(config.path), { recursive: true, mode: modeOf(config) })
  }
  const file = new OutputFile(config.path, optionsOf(config, !config.append, 0, makeDirectory), disk, clock, log)
  return {
    async open() {
      await file.open().catch((error) => {
        throw new Error(advice(config, error), { cause: error })
      })
      file.prune()
    },
    split: (batch) => [{ request: { value: '', batch }, items: batch.items }],
    write: ({ batch }) => file.write(batch),
    close: () => file.close(),
  }
}

function advice(config: FileConfig, error: unknown): string {
  return codeOf(error) === 'ENOENT'
    ? `path: directory ${dirname(config.path)} does not exist: create it or set create_directory: true`
    : `path: ${messageOf(error)}`
}

function grouped(config: FileConfig, { clock, log }: Settings, disk: Disk): Files {
  const { resource_attribute, max_open_files } = config.group_by
  const template = parseTemplate(config.path)
  const attribute = keyOf(resource_attribute)
  const mode = modeOf(config)
  const files = new GroupedFiles(template, max_open_files, (path, isNew, room) => {
    const prepare = async (): Promise<void> => {
      await room
      await makeDirectoryInside(template.root, path, mode, disk)
    }
    return new OutputFile(path, optionsOf(config, isNew && !config.append, NO_LINK, prepare), disk, clock, log)
  })
  let hasWarned = false
  return {
    async open() {
      await disk.mkdir(template.root, { recursive: true, mode })
    },
    split(batch, drop) {
      const { batches, without } = groupByAttribute(batch, attribute)
      if (without > 0) {
        drop(without, 'no_path_segment')
        if (!hasWarned) log.warn('resources without the attribute are dropped', { attribute: resource_attribute })
        hasWarned = true
      }
      return [...batches].map(([value, part]) => ({ request: { value, batch: part }, items: part.items }))
    },
    write: ({ value, batch }) => files.write(value, batch),
    close: () => files.close(),
  }
}

const modeOf = ({ directory_permissions }: FileConfig): number => directory_permissions ?? DEFAULT_DIRECTORY_MODE

function optionsOf(
  { rotation, flush_interval, format, compression, compression_params }: FileConfig,
  isEmptied: boolean,
  flags: number,
  prepare: FileOptions['prepare'],
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
  }
}
