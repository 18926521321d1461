// The agent's own spans of late, kept in bounded memory for whoever looks; they go on to an exporter, if there is one.
import type { Clock, FinishedSpan, Spans, SpansOfName, SpansView } from '../contract/index.ts'

/** As on the collector's page. */
const BOUNDS_MS = [0.01, 0.1, 1, 10, 100, 1000, 10_000, 100_000]
const MAX_NAMES = 200
const OTHER = 'other'
/** Of each bucket, and of errors. */
const KEPT = 5
const MAX_ERROR_CHARACTERS = 500

export class RecentSpans implements Spans, SpansView {
  readonly boundsMs = BOUNDS_MS
  readonly #clock: Clock
  readonly #next: Spans | undefined
  readonly #byName = new Map<string, Kept>()

  constructor(clock: Clock, next?: Spans) {
    this.#clock = clock
    this.#next = next
  }

  begin(...[name, of]: Parameters<Spans['begin']>): ReturnType<Spans['begin']> {
    const end = this.#next?.begin(name, of)
    const kept = this.#keptOf(name)
    const startedAt = this.#clock.now()
    const fromMs = this.#clock.monotonicMs()
    kept.running++
    return (more, error) => {
      end?.(more, error)
      kept.running--
      const durationMs = this.#clock.monotonicMs() - fromMs
      const attributes = { ...of.attributes, ...more }
      kept.finish({ startedAt, durationMs, attributes, error: error?.slice(0, MAX_ERROR_CHARACTERS) })
    }
  }

  names(): readonly SpansOfName[] {
    return [...this.#byName.values()]
  }

  #keptOf(name: string): Kept {
    const key = this.#byName.has(name) || this.#byName.size < MAX_NAMES ? name : OTHER
    let kept = this.#byName.get(key)
    if (kept === undefined) this.#byName.set(key, (kept = new Kept(key)))
    return kept
  }
}

class Kept implements SpansOfName {
  readonly name: string
  running = 0
  readonly counts: number[] = new Array(BOUNDS_MS.length + 1).fill(0)
  readonly samples: FinishedSpan[][] = this.counts.map(() => [])
  errorCount = 0
  readonly errors: FinishedSpan[] = []

  constructor(name: string) {
    this.name = name
  }

  finish(span: FinishedSpan): void {
    if (span.error !== undefined) {
      this.errorCount++
      keep(this.errors, span)
      return
    }
    const found = BOUNDS_MS.findIndex((bound) => span.durationMs < bound)
    const bucket = found === -1 ? BOUNDS_MS.length : found
    this.counts[bucket]!++
    keep(this.samples[bucket]!, span)
  }
}

/** Newest first. */
function keep(spans: FinishedSpan[], span: FinishedSpan): void {
  spans.unshift(span)
  if (spans.length > KEPT) spans.pop()
}
