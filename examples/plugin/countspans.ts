// A connector: takes spans at the end of one pipeline and makes metrics at the beginning of another: how many spans there were,
// by service, as delta sums.
import {
  Builder,
  type Connector,
  type Consume,
  type Consumers,
  defineConnector,
  instantFromMillis,
  keyOf,
  type Settings,
  section,
  setting,
  text,
} from 'sluice/plugin'

const serviceName = keyOf('service.name')

export default defineConnector({
  type: 'countspans',
  summary: 'Counts spans by service.',
  stability: 'alpha',
  routes: [['traces', 'metrics']],
  config: section({
    metric: setting(text, 'spans.count', 'The name of the metric.'),
  }),
  create: (config, settings, next): Connector => ({ consumers: consumersOf(config.metric, settings, next) }),
})

function consumersOf(metric: string, settings: Settings, next: Consumers): Consumers {
  const { clock, ledger } = settings
  const traces: Consume<'traces'> = async (batch, context) => {
    const counts = new Map<string, number>()
    batch.visit({
      onSpan(_span, _scope, { attributes }) {
        const service = attributes.getString(serviceName) ?? 'unknown'
        counts.set(service, (counts.get(service) ?? 0) + 1)
      },
    })
    const builder = new Builder('metrics')
    for (const [service, count] of counts) {
      builder.resource((resource) => resource.attribute(serviceName, service))
      builder.add((writer) => {
        writer.name(metric)
        writer.unit('{span}')
        writer.sum('delta', true, (points) =>
          points.add((point) => {
            point.time(instantFromMillis(clock.now()))
            point.value(count)
          }),
        )
      })
    }
    const points = builder.build()
    ledger('metrics').created(points.items)
    try {
      await next.metrics?.(points, context)
    } catch (error) {
      ledger('metrics').refused(points.items) // the spans will come again, and be counted then
      throw error
    }
    ledger('traces').merged(batch.items)
  }
  return { traces }
}
