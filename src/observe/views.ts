// `service::telemetry::metrics::views` as the SDK's.
import {
  type AggregationOption,
  AggregationType,
  createAllowListAttributesProcessor,
  createDenyListAttributesProcessor,
  InstrumentType,
  type ViewOptions,
} from '@opentelemetry/sdk-metrics'
import type { TelemetryView } from '../config/index.ts'
import type { Logger } from '../contract/index.ts'

export type ViewSettings = TelemetryView

/** The accounts of a large config are more series than the SDK keeps by default. */
const MAX_SERIES = 50_000
const SDK_SCALE = 20

export const viewsOf = (views: readonly ViewSettings[], log: Logger): ViewOptions[] => [
  // A view for everything would count twice what another view matches: this one only sets a limit for the accounts.
  { instrumentName: 'sluice_items_*', aggregationCardinalityLimit: MAX_SERIES },
  ...views.map((view) => viewOf(view, log)),
]

function viewOf({ selector, stream }: ViewSettings, log: Logger): ViewOptions {
  const { included, excluded } = stream.attribute_keys ?? {}
  const attributesProcessors = [
    ...(included === undefined ? [] : [createAllowListAttributesProcessor(included)]),
    ...(excluded === undefined ? [] : [createDenyListAttributesProcessor(excluded)]),
  ]
  const aggregation = aggregationOf(stream.aggregation, log)
  return {
    ...present('instrumentName', selector.instrument_name),
    ...present('instrumentType', selector.instrument_type && INSTRUMENTS[selector.instrument_type]),
    ...present('instrumentUnit', selector.unit),
    ...present('meterName', selector.meter_name),
    ...present('meterVersion', selector.meter_version),
    ...present('meterSchemaUrl', selector.meter_schema_url),
    ...present('name', stream.name),
    ...present('description', stream.description),
    ...(attributesProcessors.length > 0 && { attributesProcessors }),
    ...present('aggregation', aggregation),
  }
}

const present = <K extends string, T>(key: K, value: T | undefined): { [P in K]?: T } =>
  value === undefined ? {} : ({ [key]: value } as { [P in K]: T })

const INSTRUMENTS: Readonly<Record<string, InstrumentType>> = {
  counter: InstrumentType.COUNTER,
  gauge: InstrumentType.GAUGE,
  histogram: InstrumentType.HISTOGRAM,
  observable_counter: InstrumentType.OBSERVABLE_COUNTER,
  observable_gauge: InstrumentType.OBSERVABLE_GAUGE,
  observable_up_down_counter: InstrumentType.OBSERVABLE_UP_DOWN_COUNTER,
  up_down_counter: InstrumentType.UP_DOWN_COUNTER,
}

function aggregationOf(aggregation: ViewSettings['stream']['aggregation'], log: Logger): AggregationOption | undefined {
  if (aggregation === undefined) return undefined
  if (aggregation.drop) return { type: AggregationType.DROP }
  if (aggregation.last_value) return { type: AggregationType.LAST_VALUE }
  if (aggregation.sum) return { type: AggregationType.SUM }
  if (aggregation.explicit_bucket_histogram) {
    const { boundaries, record_min_max } = aggregation.explicit_bucket_histogram
    if (boundaries === undefined) return { type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM }
    return {
      type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM,
      options: { boundaries, recordMinMax: record_min_max },
    }
  }
  if (aggregation.base2_exponential_bucket_histogram) {
    const { max_scale, max_size, record_min_max } = aggregation.base2_exponential_bucket_histogram
    if (max_scale !== SDK_SCALE)
      log.warn('setting has no effect: the SDK begins with its own scale', { setting: 'max_scale', scale: SDK_SCALE })
    return { type: AggregationType.EXPONENTIAL_HISTOGRAM, options: { maxSize: max_size, recordMinMax: record_min_max } }
  }
  return { type: AggregationType.DEFAULT }
}
