// https://github.com/open-telemetry/opentelemetry-collector-contrib/blob/main/processor/groupbytraceprocessor/documentation.md
import type { Settings } from '../../contract/index.ts'

export interface GroupMetrics {
  released(spans: number): void
  evicted(): void
  incomplete(): void
}

export function groupMetrics(
  { meter, id, pipeline }: Settings,
  { mostTraces, traces }: { readonly mostTraces: number; readonly traces: () => number },
): GroupMetrics {
  const attributes = { processor: id, pipeline: pipeline ?? '' }
  const counter = (name: string, description: string, unit: string) =>
    meter.createCounter(`otelcol_processor_groupbytrace_${name}`, { description, unit })
  const gauge = (name: string, description: string, value: () => number): void =>
    meter
      .createObservableGauge(`otelcol_processor_groupbytrace_${name}`, { description, unit: '{trace}' })
      .addCallback((result) => result.observe(value(), attributes))
  gauge('conf_num_traces', 'Traces that may be held, as configured', () => mostTraces)
  gauge('num_traces_in_memory', 'Traces that are held', traces)
  const tracesReleased = counter('traces_released', 'Traces that were sent on', '{trace}')
  const spansReleased = counter('spans_released', 'Spans that were sent on', '{span}')
  const tracesEvicted = counter('traces_evicted', 'Traces sent on before their time, to make room', '{trace}')
  const incompleteReleases = counter('incomplete_releases', 'Traces sent on before their time', '{release}')
  return {
    released(spans) {
      tracesReleased.add(1, attributes)
      spansReleased.add(spans, attributes)
    },
    evicted() {
      tracesEvicted.add(1, attributes)
    },
    incomplete() {
      incompleteReleases.add(1, attributes)
    },
  }
}
