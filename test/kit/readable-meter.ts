// A meter whose counters a test can read.
import type { Counter, Meter, Observable, ObservableCallback } from '@opentelemetry/api'
import { metrics } from '@opentelemetry/api'

export interface ReadableMeter {
  readonly meter: Meter
  /** What an observable instrument says now, all attributes together. */
  observed(name: string): number
}

export function readableMeter(): ReadableMeter {
  const callbacks = new Map<string, ObservableCallback>()
  const counter: Counter = { add: () => {} }
  const meter: Meter = Object.create(metrics.getMeter('test'))
  meter.createCounter = () => counter
  meter.createObservableCounter = meter.createObservableGauge = (name): Observable => ({
    addCallback: (callback) => void callbacks.set(name, callback),
    removeCallback: () => void callbacks.delete(name),
  })
  return {
    meter,
    observed(name) {
      let sum = 0
      void callbacks.get(name)!({ observe: (value) => void (sum += value) })
      return sum
    },
  }
}
