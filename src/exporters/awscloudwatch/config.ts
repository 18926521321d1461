import * as v from 'valibot'
import { NAMESPACE } from '../../aws/cloudwatch/attributes.ts'
import { cloudWatchSettings, dimensionSet } from '../../aws/cloudwatch/settings.ts'
import { awsSettings } from '../../aws/index.ts'
import { list, oneOf, record, section, setting } from '../../config/schema.ts'
import { duration, flag, integer, text } from '../../config/values.ts'
import { deliverySettings } from '../../delivery/index.ts'
import { resourceAttributePatterns, resourceConversion } from '../../match/resource-attributes.ts'

export const config = section({
  namespace: setting(
    text,
    '',
    'The namespace of the metrics. If empty, service.namespace and service.name of the resource, with a slash in between, or "default".',
  ),
  namespace_from_attribute: setting(
    text,
    NAMESPACE,
    'An attribute of the point, the scope or the resource whose value is the namespace instead, where it is there.',
  ),
  dimensions: setting(
    section(resourceAttributePatterns),
    {},
    'Which attributes of points become dimensions; all of them, if nothing is said.',
  ),
  rollup_dimensions: setting(
    list(dimensionSet),
    [],
    'Sets of dimensions for which metrics are made besides, of all points that have them; [] is one without dimensions. Each is a metric that CloudWatch bills.',
  ),
  drop_original_metrics: setting(
    record(flag),
    {},
    'Metrics, by name, that are sent with rollup_dimensions only, not with all their dimensions.',
  ),
  resource_to_telemetry_conversion: setting(
    resourceConversion,
    {},
    'Which resource attributes become attributes of every point.',
  ),
  aggregation: setting(
    oneOf(['values', 'statistics']),
    'values',
    'How the points of a period are sent: values with their counts, which have percentiles, or count, sum, minimum and maximum.',
  ),
  force_flush_interval: setting(
    v.pipe(duration, v.minValue(1, 'must be at least 1ms')),
    '1m',
    'How long points are collected at most; what belongs to a period that is over goes along.',
  ),
  max_datums_per_call: setting(integer(1, 1000), 1000, 'How many metrics a call has at most.'),
  max_values_per_datum: setting(
    integer(10, 150),
    150,
    'How many values a metric of a call has at most; more are joined with their neighbours.',
  ),
  max_aggregates: setting(
    integer(1),
    100_000,
    'How many metrics are collected for at the same time; beyond it all of them are sent at once.',
  ),
  ...cloudWatchSettings,
  compression: setting(oneOf(['gzip', 'none']), 'gzip', 'How the body of a call is compressed.'),
  ...awsSettings,
  ...deliverySettings({ timeout: '30s' }),
})
export type AwsCloudWatchConfig = v.InferOutput<typeof config>
