import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'

/** What a meter has, when a test asks. */
export class Reader extends MetricReader {
  readonly meter = new MeterProvider({ readers: [this] }).getMeter('test')

  protected async onForceFlush(): Promise<void> {}
  protected async onShutdown(): Promise<void> {}

  /** `name{attribute=value}` to value; a histogram gives its sum. */
  async read(): Promise<Record<string, unknown>> {
    const { resourceMetrics } = await this.collect()
    const points = resourceMetrics.scopeMetrics.flatMap(({ metrics }) =>
      metrics.flatMap(({ descriptor, dataPoints }) =>
        dataPoints.map(({ attributes, value }) => {
          const labels = Object.entries(attributes).map(([key, each]) => `${key}=${each}`)
          const number = typeof value === 'number' ? value : (value as { sum: number }).sum
          return [`${descriptor.name}{${labels.join()}}`, number]
        }),
      ),
    )
    return Object.fromEntries(points)
  }
}
