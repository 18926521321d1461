// Looks at the process every `check_interval`, for all pipelines that name one memory_limiter.
import type { Clock, Logger } from '../../contract/index.ts'
import type { Config } from './config.ts'
import { type Limits, limitsOf, mib } from './limits.ts'
import type { ProcessMemory, Usage } from './process-memory.ts'

/** A collection that freed less than this part of the memory was in vain. */
const WORTHWHILE = 0.05
/** The part of the budget that may be admitted, delivered or not, until memory is looked at again. */
const LOOK_AFTER = 1 / 8
const ADMISSION_OVERHEAD_BYTES = 1024

/** Refusals come and go with the garbage; people are told that they are over when there was none for so long. */
const QUIET_MS = 10_000

type Severity = 'soft' | 'hard'

export interface MonitorSettings {
  readonly config: Config
  readonly clock: Clock
  readonly log: Logger
  readonly memory: ProcessMemory
  /** When memory gets short, and when it has not been for a while. */
  readonly onChange: (isShort: boolean) => void
}

export class Monitor {
  readonly #of: MonitorSettings
  #baseline: Usage | undefined
  #limits: Limits | undefined
  #isRefusing = false
  #isShort = false
  /** Requests refused since memory got short, and until the last look. */
  #refused = 0
  #refusedBefore = 0
  #lastShortMs = 0
  /** Payload that has to be less because the process is larger than it should be. */
  #excessBytes = 0
  #lastUsedBytes = 0
  #lastGcMs = 0
  readonly #backoffMs: Record<Severity, number> = { soft: 0, hard: 0 }
  #admittedBytes = 0
  #cancel: (() => void) | undefined

  constructor(of: MonitorSettings) {
    this.#of = of
  }

  /** True when what the process uses is above the soft limit, garbage collected. */
  get isRefusing(): boolean {
    return this.#isRefusing
  }

  /** Payload bytes that may be held; before the start nothing is known and nothing refused. */
  get budgetBytes(): number {
    if (this.#limits === undefined) return Infinity
    const { budgetBytes } = this.#limits
    return Math.max(budgetBytes / 4, budgetBytes - this.#excessBytes)
  }

  /** Looks sooner than the time says when much comes in, so that no burst fits between two looks. */
  admitted(sizeBytes: number): void {
    if (this.#limits === undefined) return
    this.#admittedBytes += sizeBytes + ADMISSION_OVERHEAD_BYTES
    if (this.#admittedBytes > this.#limits.budgetBytes * LOOK_AFTER) this.#check()
  }

  /** A request was refused. */
  refused(): void {
    this.#refused++
  }

  /** What could be held if nothing else were. */
  get mostBytes(): number {
    return this.#limits?.budgetBytes ?? Infinity
  }

  start(): void {
    if (this.#cancel !== undefined) return
    const { config, clock, log, memory } = this.#of
    this.#baseline = memory.usage()
    const surroundings = { totalBytes: memory.totalBytes(), isContained: memory.isContained() }
    this.#limits = limitsOf(config, { baselineBytes: this.#baseline.rssBytes, ...surroundings })
    const { hardBytes, softBytes, budgetBytes, warning } = this.#limits
    if (warning !== undefined) log.warn('memory limit does not fit', { code: 'memory_limit_unfit', why: warning })
    const fields = { limitMib: mib(hardBytes), softLimitMib: mib(softBytes), payloadMib: mib(budgetBytes) }
    log.info('memory limit', { ...fields, ofMib: mib(surroundings.totalBytes) })
    this.#lastGcMs = clock.monotonicMs()
    this.#schedule()
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  #schedule(): void {
    this.#cancel = this.#of.clock.after(this.#of.config.check_interval, () => {
      this.#check()
      this.#schedule()
    })
  }

  #check(): void {
    const { softBytes, hardBytes } = this.#limits!
    this.#admittedBytes = 0
    let used = this.#usedBytes()
    let isAbove = this.#judge(used, softBytes, false)
    if (isAbove && this.#mayCollect(used >= hardBytes ? 'hard' : 'soft')) {
      this.#of.memory.collectGarbage()
      this.#lastGcMs = this.#of.clock.monotonicMs()
      used = this.#usedBytes()
      isAbove = this.#judge(used, softBytes, true)
    }
    this.#excessBytes = Math.max(0, this.#of.memory.usage().rssBytes - hardBytes)
    this.#isRefusing = isAbove
    this.#announce(used)
  }

  #announce(usedBytes: number): void {
    const nowMs = this.#of.clock.monotonicMs()
    const fields = {
      usedMib: mib(usedBytes),
      softLimitMib: mib(this.#limits!.softBytes),
      refusedRequests: this.#refused,
    }
    if (this.#isRefusing || this.#refused > this.#refusedBefore) {
      this.#refusedBefore = this.#refused
      this.#lastShortMs = nowMs
      if (this.#isShort) return
      this.#isShort = true
      this.#of.log.warn('memory is short: data is refused', fields)
      this.#of.onChange(true)
    } else if (this.#isShort && nowMs - this.#lastShortMs >= QUIET_MS) {
      this.#isShort = false
      this.#refused = 0
      this.#refusedBefore = 0
      this.#of.log.info('memory is no longer short', fields)
      this.#of.onChange(false)
    }
  }

  /**
   * What the process would take if freed memory went back at once: what it took at the start, and what objects and
   * buffers have grown by since. Resident memory itself stays high after a spike, and would have data refused for ever.
   */
  #usedBytes(): number {
    const baseline = this.#baseline!
    return baseline.rssBytes + this.#of.memory.usage().allocatedBytes - baseline.allocatedBytes
  }

  /** Whether that is above the soft limit; and how much sooner or later the next forced collection may come. */
  #judge(usedBytes: number, softBytes: number, isAfterGc: boolean): boolean {
    const isAbove = usedBytes >= softBytes
    const hasFallen = usedBytes <= this.#lastUsedBytes * (1 - WORTHWHILE)
    this.#lastUsedBytes = usedBytes
    if (!isAbove || hasFallen) {
      this.#backoffMs.soft = 0
      this.#backoffMs.hard = 0
    } else if (isAfterGc) {
      const { config } = this.#of
      const { min_gc_interval_when_soft_limited: minSoft, max_gc_interval_when_soft_limited: maxSoft } = config
      const { min_gc_interval_when_hard_limited: minHard, max_gc_interval_when_hard_limited: maxHard } = config
      this.#backoffMs.soft = this.#longer(this.#backoffMs.soft, minSoft, maxSoft)
      this.#backoffMs.hard = this.#longer(this.#backoffMs.hard, minHard, maxHard)
    }
    return isAbove
  }

  #longer(currentMs: number, minMs: number, maxMs: number): number {
    if (maxMs === 0) return minMs
    return Math.min(2 * Math.max(currentMs, minMs, this.#of.config.check_interval), maxMs)
  }

  #mayCollect(severity: Severity): boolean {
    const { config, clock } = this.#of
    const minMs =
      severity === 'soft' ? config.min_gc_interval_when_soft_limited : config.min_gc_interval_when_hard_limited
    // Looks that traffic asks for come often; collections do not.
    return clock.monotonicMs() - this.#lastGcMs >= Math.max(minMs, this.#backoffMs[severity], config.check_interval)
  }
}
