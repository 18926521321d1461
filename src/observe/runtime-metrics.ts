// What the runtime does beside telemetry: how late the event loop is, garbage collection, the heap. Names are those of
// OpenTelemetry's semantic conventions for Node.js and V8.
import { constants, monitorEventLoopDelay, PerformanceObserver, performance } from 'node:perf_hooks'
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8'
import type { Attributes, Meter, Observable } from '@opentelemetry/api'
import { isMeasured, type MetricsLevel } from './levels.ts'

/** A timer that wakes the process: 20 ms cost 1.3 ms of CPU in each idle second, 50 ms 0.5. */
const RESOLUTION_MS = 50
/** Readings that are closer to each other than this see the same. */
const SAME_READING_MS = 1000

/** Nothing is watched at a level that does not show it. Returns what ends the watching. */
export function measureRuntime(meter: Meter, level: MetricsLevel): () => void {
  if (!isMeasured('nodejs.eventloop.delay.p99', level)) return () => {}
  const stopDelay = measureDelay(meter)
  const stopCollections = measureCollections(meter)
  measureUse(meter)
  measureHeap(meter)
  return () => {
    stopDelay()
    stopCollections()
  }
}

/** How much later than asked a timer runs, since the last reading. */
function measureDelay(meter: Meter): () => void {
  const monitor = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  // What is recorded is the time between two wakes.
  const lateS = (ns: number): number => Math.max(0, ns / 1e9 - RESOLUTION_MS / 1000)
  const statistics: readonly (readonly [name: string, text: string, read: () => number])[] = [
    ['min', 'Least', () => lateS(monitor.min)],
    ['max', 'Greatest', () => lateS(monitor.max)],
    ['mean', 'Mean', () => lateS(monitor.mean)],
    ['stddev', 'Standard deviation of the', () => monitor.stddev / 1e9],
    ['p50', 'Median', () => lateS(monitor.percentile(50))],
    ['p90', '90th percentile of the', () => lateS(monitor.percentile(90))],
    ['p99', '99th percentile of the', () => lateS(monitor.percentile(99))],
  ]
  const reading = new Reading(() => {
    const values = statistics.map(([, , read]) => (monitor.count === 0 ? 0 : read()))
    monitor.reset()
    return values
  })
  const gauges = statistics.map(([name, text]) =>
    meter.createObservableGauge(`nodejs.eventloop.delay.${name}`, {
      description: `${text} delay of the event loop since the last reading`,
      unit: 's',
    }),
  )
  meter.addBatchObservableCallback((result) => {
    for (const [index, value] of reading.value().entries()) result.observe(gauges[index]!, value)
  }, gauges)
  monitor.enable()
  return () => void monitor.disable()
}

/** Who reads at the same time as another, a second page or a periodic reader, does not find an empty window. */
class Reading<T> {
  readonly #read: () => T
  #last: T | undefined
  #lastMs = Number.NEGATIVE_INFINITY

  constructor(read: () => T) {
    this.#read = read
  }

  value(): T {
    const nowMs = performance.now()
    if (this.#last === undefined || nowMs - this.#lastMs >= SAME_READING_MS) {
      this.#last = this.#read()
      this.#lastMs = nowMs
    }
    return this.#last
  }
}

/** In the terms of the conventions; V8 may come to have others. */
const COLLECTIONS = new Map<unknown, Attributes>([
  [constants.NODE_PERFORMANCE_GC_MAJOR, Object.freeze({ 'v8js.gc.type': 'major' })],
  [constants.NODE_PERFORMANCE_GC_MINOR, Object.freeze({ 'v8js.gc.type': 'minor' })],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, Object.freeze({ 'v8js.gc.type': 'incremental' })],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, Object.freeze({ 'v8js.gc.type': 'weakcb' })],
])
const OTHER: Attributes = Object.freeze({ 'v8js.gc.type': 'other' })

function measureCollections(meter: Meter): () => void {
  const durations = meter.createHistogram('v8js.gc.duration', {
    description: 'How long garbage collections took',
    unit: 's',
    advice: { explicitBucketBoundaries: [0.01, 0.1, 1, 10] },
  })
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries())
      durations.record(entry.duration / 1000, COLLECTIONS.get(kindOf(entry)) ?? OTHER)
  })
  observer.observe({ entryTypes: ['gc'] })
  return () => observer.disconnect()
}

/** Node's types know of no `detail`. */
function kindOf(entry: object): unknown {
  const detail: unknown = 'detail' in entry ? entry.detail : undefined
  return typeof detail === 'object' && detail !== null && 'kind' in detail ? detail.kind : undefined
}

function measureUse(meter: Meter): void {
  let last = performance.eventLoopUtilization()
  const reading = new Reading(() => {
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, last)
    last = now
    return utilization
  })
  meter
    .createObservableGauge('nodejs.eventloop.utilization', {
      description: 'Share of the time since the last reading in which the event loop was at work',
      unit: '1',
    })
    .addCallback((result) => result.observe(reading.value()))
  meter
    .createObservableCounter('nodejs.eventloop.time', {
      description: 'Time that the event loop was at work, and that it waited',
      unit: 's',
    })
    .addCallback((result) => {
      const { active, idle } = performance.eventLoopUtilization()
      result.observe(active / 1000, { 'nodejs.eventloop.state': 'active' })
      result.observe(idle / 1000, { 'nodejs.eventloop.state': 'idle' })
    })
}

function measureHeap(meter: Meter): void {
  const size = (name: string, description: string): Observable =>
    meter.createObservableUpDownCounter(`v8js.memory.heap.${name}`, { description, unit: 'By' })
  size('limit', 'What the heap may grow to').addCallback((result) =>
    result.observe(getHeapStatistics().heap_size_limit),
  )
  const used = size('used', 'Bytes of objects in a space of the heap')
  const whole = size('space.size', 'Bytes that a space of the heap has')
  const available = size('space.available_size', 'Bytes of a space of the heap that are free')
  const physical = size('space.physical_size', 'Bytes of a space of the heap that are in memory')
  meter.addBatchObservableCallback(
    (result) => {
      for (const space of getHeapSpaceStatistics()) {
        const attributes = { 'v8js.heap.space.name': space.space_name }
        result.observe(used, space.space_used_size, attributes)
        result.observe(whole, space.space_size, attributes)
        result.observe(available, space.space_available_size, attributes)
        result.observe(physical, space.physical_space_size, attributes)
      }
    },
    [used, whole, available, physical],
  )
}
