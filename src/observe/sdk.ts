// The only file that imports the metrics SDK; imported for the first scrape, or at start when something has to be sent.
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  AggregationTemporality,
  DataPointType,
  type HistogramMetricData,
  type IMetricReader,
  MeterProvider,
  type MetricData,
  type MetricProducer,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics'
import type { MetricReader } from '../config/index.ts'
import type { Logger } from '../contract/index.ts'
import type { Distribution } from './instruments.ts'
import type { Meters } from './meter.ts'
import { nameWithUnit, withoutTotal } from './names.ts'
import type { OwnResource } from './resource.ts'
import { hearSdk } from './sdk-log.ts'
import { sdkResource } from './sdk-resource.ts'
import { type ViewSettings, viewsOf } from './views.ts'
import { within } from './within.ts'

/** For what a periodic reader sends in the end. */
const STOP_MS = 2000

export type PageSettings = NonNullable<NonNullable<MetricReader['pull']>['exporter']['prometheus']>

/** One Prometheus page. */
export interface Page {
  /** The text to answer with. */
  render(): Promise<string>
}

export interface Sdk {
  readonly pages: readonly Page[]
  stop(): Promise<void>
}

/** From now on the meters are the SDK's. */
export async function openSdk(
  meters: Meters,
  of: {
    readonly resource: OwnResource
    readonly pages: readonly PageSettings[]
    readonly periodic: readonly NonNullable<MetricReader['periodic']>[]
    readonly views: readonly ViewSettings[]
    readonly log: Logger
  },
): Promise<Sdk> {
  hearSdk(of.log)
  const producers = [distributionsOf(meters)]
  const pages = of.pages.map((settings) => createPage(settings, of.resource, producers))
  const readers: IMetricReader[] = pages.map(({ reader }) => reader)
  if (of.periodic.length > 0) {
    const { createPeriodicReader } = await import('./periodic.ts')
    for (const settings of of.periodic) readers.push(await createPeriodicReader(settings, producers))
  }
  const provider = new MeterProvider({
    resource: sdkResource(of.resource),
    readers,
    views: viewsOf(of.views, of.log),
  })
  meters.become(provider)
  return { pages, stop: () => within(STOP_MS, provider.shutdown()) }
}

function createPage(
  settings: PageSettings,
  { attributes }: OwnResource,
  metricProducers: MetricProducer[],
): Page & { readonly reader: IMetricReader } {
  const reader = new PrometheusExporter({ preventServerStart: true, metricProducers })
  const serializer = new PrometheusSerializer(
    undefined,
    false,
    constantLabels(settings.with_resource_constant_labels, Object.keys(attributes)),
    false,
    settings.without_scope_info,
  )
  return {
    reader,
    async render() {
      const { resourceMetrics, errors } = await reader.collect()
      if (errors.length > 0 && resourceMetrics.scopeMetrics.length === 0) throw errors[0]
      const named = withNames(resourceMetrics, settings)
      const page = serializer.serialize(named)
      return settings.without_type_suffix ? withoutTotal(page, totals(named)) : page
    },
  }
}

/** Every metric under the name that it has on the page; the unit is in the name or nowhere. */
function withNames(metrics: ResourceMetrics, settings: PageSettings): ResourceMetrics {
  return {
    resource: metrics.resource,
    scopeMetrics: metrics.scopeMetrics.map(({ scope, metrics }) => ({
      scope,
      metrics: metrics.map((metric): MetricData => {
        const { name, unit } = metric.descriptor
        const isGauge = metric.dataPointType === DataPointType.GAUGE
        const descriptor = { ...metric.descriptor, name: nameWithUnit(name, unit, isGauge, settings), unit: '' }
        return { ...metric, descriptor }
      }),
    })),
  }
}

/** Names that end in `_total` before the serializer has seen them. */
const totals = ({ scopeMetrics }: ResourceMetrics): ReadonlySet<string> =>
  new Set(
    scopeMetrics.flatMap(({ metrics }) =>
      metrics.map(({ descriptor }) => descriptor.name).filter((name) => name.endsWith('_total')),
    ),
  )

/** The serializer takes a pattern for the attributes that become labels of every series. */
function constantLabels(
  names: PageSettings['with_resource_constant_labels'],
  attributes: readonly string[],
): RegExp | undefined {
  if (names === undefined) return undefined
  const { included = ['*'], excluded = [] } = names
  const chosen = attributes.filter(
    (name) => included.some((one) => matches(one, name)) && !excluded.some((one) => matches(one, name)),
  )
  return new RegExp(`^(?:${chosen.map((name) => RegExp.escape(name)).join('|') || '(?!)'})$`)
}

/** `*` stands for any text, `?` for any character. */
const matches = (pattern: string, name: string): boolean =>
  new RegExp(`^${RegExp.escape(pattern).replaceAll('\\*', '.*').replaceAll('\\?', '.')}$`, 's').test(name)

/** The histograms that were recorded before the SDK was there, and since. */
function distributionsOf(meters: Meters): MetricProducer {
  const startTime = hrTime(Date.now())
  return {
    async collect() {
      const endTime = hrTime(Date.now())
      const scopeMetrics = meters.distributions().map(({ scope, distributions }) => ({
        scope: { name: scope },
        metrics: distributions.map((one) => histogramOf(one, startTime, endTime)),
      }))
      return { resourceMetrics: { resource: resourceFromAttributes({}), scopeMetrics }, errors: [] }
    },
  }
}

type HrTime = [seconds: number, nanoseconds: number]
const hrTime = (ms: number): HrTime => [Math.floor(ms / 1000), (ms % 1000) * 1e6]

function histogramOf(distribution: Distribution, startTime: HrTime, endTime: HrTime): HistogramMetricData {
  const { name, options, boundaries } = distribution
  return {
    descriptor: {
      name,
      description: options.description ?? '',
      unit: options.unit ?? '',
      valueType: options.valueType ?? 1,
    },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    dataPointType: DataPointType.HISTOGRAM,
    dataPoints: [...distribution.series()].map(({ attributes, value: { counts, sum, count, min, max } }) => ({
      startTime,
      endTime,
      attributes,
      value: { buckets: { boundaries: [...boundaries], counts: [...counts] }, sum, count, min, max },
    })),
  }
}
