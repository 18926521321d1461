import * as v from 'valibot'
import { cloudWatchSettings, dimensionSet, pattern } from '../../aws/cloudwatch/settings.ts'
import { awsSettings } from '../../aws/index.ts'
import { logGroupName, logGroupSettings, logStreamName } from '../../aws/logs/index.ts'
import { list, oneOf, required, section, setting } from '../../config/schema.ts'
import { flag, nonEmptyText, text } from '../../config/values.ts'
import { deliverySettings } from '../../delivery/index.ts'
import { resourceConversion } from '../../match/resource-attributes.ts'

const labelMatcher = section({
  label_names: required(
    v.pipe(list(nonEmptyText), v.nonEmpty('must name a label')),
    'The labels whose values are put together; one that is not there is empty.',
  ),
  separator: setting(text, ';', 'What stands between the values; ; when empty.'),
  regex: required(pattern, 'The pattern (RE2) that must be found in the values put together.'),
})

const metricDeclaration = section({
  dimensions: setting(
    list(dimensionSet),
    [],
    'Sets of labels that become dimensions where a metric has all of them; [] is no dimension.',
  ),
  metric_name_selectors: required(
    v.pipe(list(pattern), v.nonEmpty('must have a pattern, or the declaration is for no metric')),
    'Patterns (RE2); the declaration is for metrics in whose names one of them is found.',
  ),
  label_matchers: setting(
    list(labelMatcher),
    [],
    'The declaration is for points whose labels fit one of these; for all without any.',
  ),
})

/** As in the collector, upper and lower case are the same. */
const destination = v.pipe(
  v.string('must be a text'),
  v.transform((value) => value.toLowerCase()),
  v.picklist(['cloudwatch', 'stdout'], 'must be one of cloudwatch, stdout'),
  v.metadata({ kind: 'choice', allowed: ['cloudwatch', 'stdout'] }),
)

const PLACEHOLDERS = 'with placeholders such as {ClusterName}, {any.attribute} and {date}'

export const config = section({
  namespace: setting(
    text,
    '',
    'The namespace of the metrics that have no attribute aws.emf.namespace. If empty, service.namespace and service.name of the resource, with a slash in between, or "default".',
  ),
  log_group_name: setting(logGroupName, '', `The log group, ${PLACEHOLDERS}; /metrics/<namespace> if empty.`),
  log_stream_name: setting(
    logStreamName,
    '',
    `The stream in the group, ${PLACEHOLDERS}; otel-stream-<id of the agent> if empty.`,
  ),
  ...logGroupSettings(),
  dimension_rollup_option: setting(
    oneOf(['ZeroAndSingleDimensionRollup', 'SingleDimensionRollupOnly', 'NoDimensionRollup']),
    'ZeroAndSingleDimensionRollup',
    'Which sets of dimensions there are beside that of all labels: none of them, and each alone; each alone; no more. Every set is a metric that CloudWatch bills.',
  ),
  extra_dimension_sets: setting(
    list(dimensionSet),
    [],
    'More sets of labels that become dimensions, beside those that the rest gives, where a point has all of them.',
  ),
  resource_to_telemetry_conversion: setting(
    resourceConversion,
    {},
    'Which resource attributes become labels of every point.',
  ),
  metric_declarations: setting(
    list(metricDeclaration),
    [],
    'Which metrics CloudWatch makes of the events, with which dimensions. Without any, all metrics, with all labels.',
  ),
  parse_json_encoded_attr_values: setting(
    list(nonEmptyText),
    [],
    'Labels whose values are JSON in a text: they stand in the event as what they say, and are no dimensions.',
  ),
  detailed_metrics: setting(
    flag,
    false,
    'Keep percentiles: histograms are values with their counts, and each quantile of a summary is a metric with the label quantile.',
  ),
  ...cloudWatchSettings,
  eks_fargate_container_insights_enabled: setting(
    flag,
    false,
    'Points with a label Type of Pod or Container get a label kubernetes, as Container Insights has it: JSON in a text.',
  ),
  disable_metric_extraction: setting(flag, false, 'Write events from which CloudWatch makes no metrics.'),
  enhanced_container_insights: setting(
    flag,
    false,
    'Drop events from which CloudWatch would make no metric. As in the CloudWatch agent.',
  ),
  output_destination: setting(destination, 'cloudwatch', 'cloudwatch, or stdout: a line an event.'),
  version: setting(
    oneOf(['0', '1']),
    '1',
    'Of the embedded metric format: 1 has the metrics in _aws, 0 has them beside the labels.',
  ),
  ...awsSettings,
  ...deliverySettings({ timeout: '30s' }),
})
export type AwsEmfConfig = v.InferOutput<typeof config>
