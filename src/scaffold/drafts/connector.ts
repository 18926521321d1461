import type { Drafts, Name } from '../draft.ts'

/** Takes spans at the end of one pipeline and makes metrics at the beginning of another. */
export function connector({ type, pascal }: Name): Drafts {
  const draft = {
    summary: 'Counts spans by service.',
    whenToUse:
      'When how many spans there are matters more than each of them: for a dashboard, or an alert on a silent service.',
    howItWorks:
      'Each batch of spans becomes a delta sum with a data point for each service. When the metrics are refused, the spans are, too: they come\nagain and are counted then.',
    fact: "routes: [['traces', 'metrics']],",
    schema: `section({
  metric: setting(nonEmptyText, 'spans.count', 'The name of the metric.'),
})`,
    create: `create${pascal}Connector`,
    wiring: `const serviceName = keyOf('service.name')

export function create${pascal}Connector({ metric }: ${pascal}Config, settings: Settings, next: Consumers): Connector {
  const { clock, ledger } = settings
  return {
    consumers: {
      async traces(batch, context) {
        const points = pointsOf(metric, countsOf(batch), clock.now())
        ledger('metrics').created(points.items)
        try {
          await next.metrics?.(points, context)
        } catch (error) {
          ledger('metrics').refused(points.items)
          throw error
        }
        ledger('traces').merged(batch.items)
      },
    },
  }
}

/** How many spans each service has. */
function countsOf(batch: Batch<'traces'>): Map<string, number> {
  const counts = new Map<string, number>()
  batch.visit({
    onSpan(_span, _scope, { attributes }) {
      const service = attributes.getString(serviceName) ?? 'unknown'
      counts.set(service, (counts.get(service) ?? 0) + 1)
    },
  })
  return counts
}

function pointsOf(metric: string, counts: ReadonlyMap<string, number>, nowMs: number): Batch<'metrics'> {
  const builder = new Builder('metrics')
  for (const [service, count] of counts) {
    builder.resource((resource) => resource.attribute(serviceName, service))
    builder.add((writer) => {
      writer.name(metric)
      writer.unit('{span}')
      writer.sum('delta', true, (points) =>
        points.add((point) => {
          point.time(instantFromMillis(nowMs))
          point.intValue(count)
        }),
      )
    })
  }
  return builder.build()
}
`,
    example: 'metric: shop.spans',
    golden: {
      config: 'metric: shop.spans\n',
      input: {
        resourceSpans: [
          {
            resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] },
            scopeSpans: [{ spans: [{ name: 'list' }, { name: 'pay' }] }],
          },
        ],
      },
      expected: {
        out: [
          {
            resourceMetrics: [
              {
                resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] },
                scopeMetrics: [
                  {
                    metrics: [
                      {
                        name: 'shop.spans',
                        unit: '{span}',
                        sum: {
                          dataPoints: [{ timeUnixNano: `${Date.UTC(2026, 0, 1)}000000`, asInt: '2' }],
                          aggregationTemporality: 1,
                          isMonotonic: true,
                        },
                      },
                    ],
                  },
                ],
              },
            ],
          },
        ],
        accounts: { traces: { entered: 2, merged: 2 }, metrics: { created: 1, out: 1 } },
      },
    },
    goldenTest: 'one.expect(await outcome(factory, one))',
  }
  return {
    plugin: { ...draft, contractConfig: undefined },
    project: {
      ...draft,
      minimal: '() => ({})',
      changes: `tested('connectors/${type}', { metric: { value: 'shop.spans', change: 'the name of the metric' } })`,
    },
  }
}
