// The exporters that make metrics in CloudWatch.
import { type Change, type Changes, under } from './change.ts'

const declaration = { metric_declarations: [{ dimensions: [['a']], metric_name_selectors: ['g'] }] }
const matcher = {
  metric_declarations: [{ metric_name_selectors: ['g'], label_matchers: [{ label_names: ['a'], regex: 'x' }] }],
}
const descriptor = { metric_descriptors: [{ metric_name: 'gauge', unit: 'Count' }] }

/** Resource attributes as labels, where `heldBy` tests them. */
export const resourceConversionChanges = (common: Pick<Change, 'heldBy'>): Changes =>
  under(
    'resource_to_telemetry_conversion',
    {
      enabled: { value: true, change: 'resource attributes are labels' },
      exclude_service_attributes: {
        value: true,
        with: { resource_to_telemetry_conversion: { enabled: true } },
        change: 'without those of the service',
      },
      included: { value: ['host.*'], change: 'these are labels' },
      excluded: { value: ['host.*'], change: 'these are not' },
    },
    common,
  )

/** `cloudWatchSettings`, where `heldBy` tests them. */
const cloudWatchChanges = (heldBy: readonly string[]): Changes =>
  under(
    '',
    {
      ...under(
        'metric_descriptors[]',
        {
          metric_name: { value: 'x', change: 'which metric has it' },
          unit: { value: 'Bytes', change: 'which unit' },
          overwrite: { value: true, change: 'a unit that is there gives way' },
        },
        { with: descriptor },
      ),
      retain_initial_value_of_delta_metric: { value: true, change: 'the first point counts' },
      storage_resolution: { value: 1, change: 'high resolution' },
      high_resolution_metrics: { value: ['^fast'], change: 'high resolution for some' },
      max_series: { value: 3, change: 'how many cumulative series there are' },
      max_staleness: { value: '5m', change: 'how long they are remembered' },
    },
    { heldBy },
  )

export const emfChanges: Changes = {
  ...cloudWatchChanges(['test/exporters/awsemf/']),
  ...under(
    '',
    {
      namespace: { value: 'Shop', change: 'the namespace of the metrics' },
      log_group_name: { value: '/metrics/{ServiceName}', change: 'which group' },
      log_stream_name: { value: '{TaskId}', change: 'which stream in it' },
      dimension_rollup_option: { value: 'NoDimensionRollup', change: 'sets of dimensions beside that of all labels' },
      extra_dimension_sets: { value: [['a']], change: 'sets beside those' },
      'metric_declarations[].dimensions': { value: [['b']], with: declaration, change: 'which sets' },
      'metric_declarations[].metric_name_selectors': { value: ['x'], with: declaration, change: 'of which metrics' },
      ...under(
        'metric_declarations[].label_matchers[]',
        {
          label_names: { value: ['b'], change: 'which labels decide' },
          separator: { value: '-', change: 'what stands between their values' },
          regex: { value: 'y', change: 'what is looked for' },
        },
        { with: matcher },
      ),
      parse_json_encoded_attr_values: { value: ['a'], change: 'the label is what its text says' },
      detailed_metrics: { value: true, change: 'percentiles are kept' },
      eks_fargate_container_insights_enabled: { value: true, change: 'the label kubernetes' },
      disable_metric_extraction: { value: true, change: 'CloudWatch makes no metrics' },
      enhanced_container_insights: { value: true, change: 'events without metrics are dropped' },
      output_destination: { value: 'stdout', change: 'events are lines' },
      version: { value: '0', change: 'which version of the format' },
    },
    { heldBy: ['test/exporters/awsemf/'] },
  ),
  ...resourceConversionChanges({ heldBy: ['test/exporters/awsemf/', 'test/match/'] }),
}

export const putMetricDataChanges: Changes = {
  ...cloudWatchChanges(['test/exporters/awscloudwatch/']),
  ...under(
    '',
    {
      namespace: { value: 'Shop', change: 'the namespace of the metrics' },
      namespace_from_attribute: { value: 'ns', change: 'which attribute comes before it' },
      'dimensions.included': { value: ['a'], change: 'which attributes are dimensions' },
      'dimensions.excluded': { value: ['a'], change: 'which are not' },
      rollup_dimensions: { value: [[]], change: 'metrics with other dimensions besides' },
      drop_original_metrics: { value: { gauge: true }, change: 'metrics that have only those' },
      aggregation: { value: 'statistics', change: 'count, sum and bounds instead of values' },
      force_flush_interval: { value: '10s', change: 'how long is collected' },
      max_datums_per_call: { value: 10, change: 'how much a call has' },
      max_values_per_datum: { value: 10, change: 'how many values a metric of it has' },
      max_aggregates: { value: 2, change: 'how much is collected' },
      compression: { value: 'none', change: 'bodies as they are' },
    },
    { heldBy: ['test/exporters/awscloudwatch/', 'test/match/'] },
  ),
  ...resourceConversionChanges({ heldBy: ['test/exporters/awscloudwatch/', 'test/match/'] }),
}
