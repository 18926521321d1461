import { readFile } from 'node:fs/promises'
import { zstdDecompressSync } from 'node:zlib'
import * as v from 'valibot'
import type { Exporter } from '../../../src/contract/index.ts'
import type { Signal } from '../../../src/data/index.ts'
import { config } from '../../../src/exporters/file/config.ts'
import { createFileExporter } from '../../../src/exporters/file/exporter.ts'
import { type TestHost, type TestSettings, testHost, testSettings } from '../../../src/testing/index.ts'
import { decodedSparse, type Plain } from '../../data/random.ts'
import { FaultyDisk } from './disk.ts'

export interface Running {
  readonly exporter: Exporter
  readonly settings: TestSettings
  readonly disk: FaultyDisk
  readonly host: TestHost
  stop(): Promise<void>
}

export function create(yaml: object): Running {
  const settings = testSettings()
  const disk = new FaultyDisk()
  const host = testHost()
  const exporter = createFileExporter(v.parse(config, yaml), settings, disk)
  return { exporter, settings, disk, host, stop: () => exporter.stop!(new AbortController().signal) }
}

export async function running(yaml: object): Promise<Running> {
  const made = create(yaml)
  await made.exporter.start!(made.host)
  return made
}

/** The messages of a file of lengths and messages. */
export async function records(path: string, isCompressed = false): Promise<Buffer[]> {
  const bytes = await readFile(path)
  const found: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = at + 4 + bytes.readUInt32BE(at)
    if (end > bytes.length) throw new Error(`${path} ends inside a record`)
    const record = bytes.subarray(at + 4, end)
    found.push(isCompressed ? zstdDecompressSync(record) : record)
    at = end
  }
  return found
}

export const decoded = (signal: Signal, record: Buffer): Plain => decodedSparse(signal, record)
