// Where the lines go: the agent's log, or streams of the exporter's own; in front of both the sampling.
import { type FileHandle, open } from 'node:fs/promises'
import type { Settings } from '../../contract/index.ts'
import type { DebugConfig } from './config.ts'
import { createSampler } from './sampler.ts'

/** Messages in the order in which they came. */
export interface Output {
  open(): Promise<void>
  /** A summary. Resolves when it is written; rejects when an output cannot be written to. */
  counts(title: string, counts: Readonly<Record<string, number>>): Promise<void>
  /** What belongs to it, in lines that are ended each. */
  text(title: string, text: string): Promise<void>
  close(): Promise<void>
}

export function createOutput(config: DebugConfig, { log, clock }: Settings): Output {
  const passes = createSampler(config.sampling_initial, config.sampling_thereafter, clock)
  if (config.use_internal_logger)
    return {
      async open() {},
      async counts(title, counts) {
        if (passes(title)) log.info(title, counts)
      },
      async text(title, text) {
        if (passes(text)) log.info(title, { lines: text.replace(/\n$/, '').split('\n') })
      },
      async close() {},
    }
  const streams = new Streams(config.output_paths ?? ['stdout'])
  return {
    open: () => streams.open(),
    async counts(title, counts) {
      if (passes(title)) await streams.write(`${title}\t${inline(counts)}\n`)
    },
    async text(_title, text) {
      if (passes(text)) await streams.write(`${text}\n`)
    },
    close: () => streams.close(),
  }
}

const inline = (fields: Readonly<Record<string, number>>): string =>
  `{${Object.entries(fields)
    .map(([name, value]) => `"${name}": ${value}`)
    .join(', ')}}`

class Streams {
  readonly #paths: readonly string[]
  readonly #files: FileHandle[] = []
  #writes: ((text: string) => Promise<unknown>)[] = []
  #last: Promise<unknown> = Promise.resolve()

  constructor(paths: readonly string[]) {
    this.#paths = paths
  }

  async open(): Promise<void> {
    for (const path of this.#paths) {
      if (path === 'stdout') this.#writes.push((text) => writeTo(process.stdout, text))
      else if (path === 'stderr') this.#writes.push((text) => writeTo(process.stderr, text))
      else {
        const file = await open(path, 'a')
        this.#files.push(file)
        this.#writes.push((text) => file.appendFile(text))
      }
    }
  }

  write(text: string): Promise<unknown> {
    const all = (): Promise<unknown> => Promise.all(this.#writes.map((write) => write(text)))
    return (this.#last = this.#last.then(all, all))
  }

  async close(): Promise<void> {
    this.#writes = []
    await this.#last.catch(() => {})
    for (const file of this.#files.splice(0)) await file.close()
  }
}

const writeTo = (stream: NodeJS.WriteStream, text: string): Promise<void> =>
  new Promise((resolve, reject) => stream.write(text, (error) => (error ? reject(error) : resolve())))
