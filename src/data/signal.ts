// What differs per signal, in one table; everything else is written once.

/** The kinds of telemetry. */
export type Signal = 'traces' | 'metrics' | 'logs'

/**
 * The levels of a payload, outermost first; each entry lists the one-byte tags under which the next level stands.
 *
 *   TracesData  = { 1: ResourceSpans };   ResourceSpans = { 1: Resource, 2: ScopeSpans };    ScopeSpans   = { 1: Scope, 2: Span }
 *   LogsData    = { 1: ResourceLogs };    ResourceLogs = { 1: Resource, 2: ScopeLogs };      ScopeLogs    = { 1: Scope, 2: LogRecord }
 *   MetricsData = { 1: ResourceMetrics }; ResourceMetrics = { 1: Resource, 2: ScopeMetrics }; ScopeMetrics = { 1: Scope, 2: Metric }
 *   Metric = { 5: Gauge | 7: Sum | 9: Histogram | 10: ExponentialHistogram | 11: Summary }, each { 1: data point }
 */
export type Level = 'root' | 'resource' | 'scope' | 'metric' | 'points' | 'item'

/** One level of a walk. */
export interface LevelShape {
  readonly level: Level
  /** By tag: 1 where the next level stands. */
  readonly inside: Uint8Array
}

const tags = (...list: number[]): Uint8Array => {
  const table = new Uint8Array(256)
  for (const tag of list) table[tag] = 1
  return table
}

const outer: LevelShape[] = [
  { level: 'root', inside: tags(0x0a) },
  { level: 'resource', inside: tags(0x12) },
  { level: 'scope', inside: tags(0x12) },
]
const item: LevelShape = { level: 'item', inside: tags() }
const plain: readonly LevelShape[] = [...outer, item]

/** Outermost first; the last one is the item. */
export const levelsOf: Readonly<Record<Signal, readonly LevelShape[]>> = {
  traces: plain,
  logs: plain,
  metrics: [
    ...outer,
    { level: 'metric', inside: tags(0x2a, 0x3a, 0x4a, 0x52, 0x5a) },
    { level: 'points', inside: tags(0x0a) },
    item,
  ],
}
