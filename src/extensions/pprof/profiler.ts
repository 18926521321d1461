// V8's own profilers, asked through an inspector session inside the process: no port is opened for it.
import { type Profiler, type Runtime, Session } from 'node:inspector/promises'

export type CpuProfile = Profiler.Profile

/** More than Node's types know of it. */
export interface HeapProfile {
  readonly head: HeapNode
  readonly samples: readonly { readonly nodeId: number; readonly size: number; readonly ordinal: number }[]
}
export interface HeapNode {
  readonly id: number
  readonly callFrame: Pick<Runtime.CallFrame, 'functionName' | 'url' | 'lineNumber'>
  readonly children: readonly HeapNode[]
}

/** How often the stack is looked at: a thousand times a second. */
const CPU_INTERVAL_US = 1000
/** One allocation in so many bytes is looked at, as in Go; costs 1 to 6 % where nothing but garbage is made. */
export const HEAP_INTERVAL_BYTES = 512 * 1024

/** Watches the CPU until `stop`; one at a time. */
export class CpuWatch {
  readonly #session = new Session()

  async start(): Promise<void> {
    this.#session.connect()
    await this.#session.post('Profiler.enable')
    await this.#session.post('Profiler.setSamplingInterval', { interval: CPU_INTERVAL_US })
    await this.#session.post('Profiler.start')
  }

  async stop(): Promise<CpuProfile> {
    try {
      return (await this.#session.post('Profiler.stop')).profile
    } finally {
      this.#session.disconnect()
    }
  }
}

/** Watches allocations from `start` on: what of them is still there can be asked at any time. */
export class HeapWatch {
  readonly #session = new Session()

  async start(): Promise<void> {
    this.#session.connect()
    await this.#session.post('HeapProfiler.enable')
    await this.#session.post('HeapProfiler.startSampling', { samplingInterval: HEAP_INTERVAL_BYTES })
  }

  /** Collects garbage first. */
  async read(): Promise<HeapProfile> {
    const { profile }: { profile: object } = await this.#session.post('HeapProfiler.getSamplingProfile')
    if (!isHeapProfile(profile)) throw new Error('this version of Node has no samples in its heap profiles')
    return profile
  }

  stop(): void {
    this.#session.disconnect()
  }
}

const isHeapProfile = (profile: object): profile is HeapProfile => 'head' in profile && 'samples' in profile
