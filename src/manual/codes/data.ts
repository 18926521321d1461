// Data that does not fit where it should go, or says nothing that could be kept.
import type { Codes } from './code.ts'

export const DATA: Codes = {
  too_old: {
    what: 'Data is older than AWS takes (14 days), and was dropped.',
    why: 'A clock far behind, old files that are read again, or a queue that waited for weeks.',
    fix: 'Set the clock of the sender. Older data can go elsewhere (`awss3`).',
  },
  too_new: {
    what: 'Data is more than two hours ahead of the time, and was dropped, as AWS would.',
    why: 'A clock far ahead, or local time that was taken for UTC.',
    fix: 'Set the clock or the time zone of the sender.',
  },
  expired: {
    what: 'Log events are older than their log group keeps them, and CloudWatch Logs did not take them.',
    why: 'The retention of the group is shorter than the age of the events.',
    fix: 'Raise the retention, or send sooner.',
  },
  initial: {
    what: 'The first point of a stream has nothing to be subtracted from, and is not sent.',
    why: 'It is part of making deltas of totals.',
    fix: 'Nothing; `initial_value` of `cumulative_to_delta` decides whether it is sent.',
  },
  initial_value: {
    what: 'The first point of a cumulative stream was kept to subtract it from the next, and not sent.',
    why: 'CloudWatch takes what came in between, not totals.',
    fix: 'Nothing.',
  },
  out_of_order: {
    what: 'A point is older than one of its stream that was here before, and was left out.',
    why: 'Two senders write the same stream, or a batch came twice.',
    fix: 'Give each instance a `service.instance.id` of its own; some after a retry are harmless.',
  },
  reset: {
    what: 'A total went down, so what came in between is not known; the point was left out.',
    why: 'The sender was restarted without a new start time, or two senders write the same stream.',
    fix: 'Nothing after a restart; else give each instance an attribute of its own.',
  },
  bucket_mismatch: {
    what: 'A histogram has other buckets than before; the point was left out.',
    why: 'The bounds were changed, or two senders with different bounds write the same stream.',
    fix: 'Nothing after a change; else give each instance an attribute of its own.',
  },
  no_recorded_value: {
    what: 'A point says that there is no value, and was left out.',
    why: 'Prometheus marks the end of a series so.',
    fix: 'Nothing.',
  },
  no_observations: {
    what: 'A histogram or summary has seen nothing since the last point, so there is nothing to send.',
    why: 'Nothing was measured in that time.',
    fix: 'Nothing.',
  },
  no_measurement: {
    what: 'The points of an event left nothing that could be written, and there is no event.',
    why: 'All of their values were left out.',
    fix: 'Look for other codes that come with it.',
  },
  stale: {
    what: 'A point says that its series has ended; it carries no value.',
    why: 'The target has gone.',
    fix: 'Nothing.',
  },
  invalid_buckets: {
    what: 'The buckets of a histogram contradict themselves; the point was left out.',
    why: 'Bounds do not ascend, or their number does not fit that of the counts.',
    fix: 'Put right what makes the metric; the log names it.',
  },
  invalid_count: {
    what: 'The counts of the buckets do not add up to that of the histogram; the point was left out.',
    why: 'The sender reads buckets and count at different moments, or counts wrongly.',
    fix: 'Put right what makes the metric; the log names it.',
  },
  invalid_quantile: {
    what: 'A quantile is not from 0 to 1; the point was left out.',
    why: 'Percent were sent.',
    fix: 'Put right what makes the metric; the log names it.',
  },
  invalid_scale: {
    what: 'The scale of an exponential histogram is out of range; the point was left out.',
    why: 'A faulty sender.',
    fix: 'Put right what makes the metric; the log names it.',
  },
  invalid_time: {
    what: 'The times of an item contradict themselves, and it was left out.',
    why: 'A point ends before it starts, or has none; of a segment X-Ray did not take the times.',
    fix: 'Look at the clock of the sender and at what makes the data.',
  },
  invalid_value: {
    what: 'The value of a point cannot be sent, and the point was left out.',
    why: 'It is no number, infinite, or larger than the destination takes.',
    fix: 'Put right what makes the metric; the log names it.',
  },
  invalid_name: {
    what: 'A name is empty or has nothing in it that the destination takes; the items were left out.',
    why: 'A metric without letters or digits in its name, or a name that X-Ray refused.',
    fix: 'Name it otherwise, such as with `metrics_transform`.',
  },
  invalid_label: {
    what: 'A point has an attribute with an empty key, and was left out.',
    why: 'A faulty sender.',
    fix: 'Delete the attribute where it is made.',
  },
  name_collision: {
    what: 'Two metrics would have one name in the same event; the later one was left out.',
    why: 'Their names differ only by characters that CloudWatch does not take.',
    fix: 'Rename one of them.',
  },
  collision: {
    what: 'A point would write the series of another metric, and was left out.',
    why: 'Two names become the same in Prometheus, or one name has two types.',
    fix: 'Rename one of them, or use another `translation_strategy` or `namespace`.',
  },
  unsupported_temporality: {
    what: 'The destination cannot take deltas (or totals) of this kind; the point was left out.',
    why: 'The sender is set to the other temporality, or says nothing about it.',
    fix: 'Set the temporality in the SDK; `cumulative_to_delta` makes deltas.',
  },
  series_limit: {
    what: 'There are as many series as `max_series` allows; points of new ones were left out.',
    why: 'An attribute has very many values: ids, addresses, paths.',
    fix: 'Delete that attribute, or raise `max_series` when the memory is there.',
  },
  no_rollup: {
    what: 'A point belongs to none of the metrics that the config wants, and was left out.',
    why: '`drop_original_metrics` leaves only rollups, and the point has not their dimensions.',
    fix: 'Nothing, when that is intended; else change `rollup_dimensions` or `drop_original_metrics`.',
  },
  event_too_large: {
    what: 'A metric event is larger than CloudWatch Logs takes, and was left out.',
    why: 'Very many or very long labels.',
    fix: 'Delete labels before the exporter.',
  },
  empty_body: {
    what: 'A log record without a body makes no log event where only the body is sent, and was left out.',
    why: 'The record carries attributes only.',
    fix: 'Turn off `raw_log`, which sends the whole record.',
  },
  not_emf: {
    what: 'A text is not in the embedded metric format, and was left out.',
    why: 'Ordinary log lines reach the EMF receiver, or an exporter with `emf_only`.',
    fix: 'Send them another way, or turn off `emf_only`.',
  },
  no_bucket: {
    what: 'Nothing says into which bucket the items go; they were dropped.',
    why: 'Their resource has not the attribute of `resource_attrs_to_s3::s3_bucket`, and there is no `s3_bucket`.',
    fix: 'Set `s3_bucket` for the others, or the attribute.',
  },
  no_source_attribute: {
    what: 'Items cannot be written in the format of Sumo Logic, and were dropped.',
    why: 'Their resource lacks `_sourceName`, `_sourceHost` or `_sourceCategory`.',
    fix: 'Set them with a `resource` processor.',
  },
  body_is_no_map: {
    what: 'Only the body of a log record makes the document, and this one is no mapping; it was dropped.',
    why: 'The body is a text or a list.',
    fix: 'Use another mapping mode, or parse the body before.',
  },
  unsupported_mapping_mode: {
    what: 'There are no documents of this signal in the mapping mode; the items were dropped.',
    why: 'Some modes are only for logs.',
    fix: 'Set another `mapping::mode`, or send this signal elsewhere.',
  },
  mapping_mode_not_allowed: {
    what: 'A scope or a sender asks for a mapping mode that is unknown or not allowed; the items were dropped.',
    why: '`elastic.mapping.mode` or the header `X-Elastic-Mapping-Mode` names another one than `mapping::allowed_modes`.',
    fix: 'Allow the mode, or correct the name.',
  },
  no_id: {
    what: 'A span without a trace id or span id was dropped.',
    why: 'A faulty sender.',
    fix: 'Put right what makes the span.',
  },
  old_trace_id: {
    what: 'A span was dropped, since its trace id does not begin with a time of the last 28 days.',
    why: 'The id is random, not of the X-Ray id generator, or the span is old.',
    fix: 'Leave `skip_timestamp_validation` on, as it is by default: X-Ray takes such ids today. Or use the X-Ray id generator in the SDK.',
  },
}

/** The data went on; something about it had to change or should be known. */
export const CHANGED: Codes = {
  too_many_dimensions: {
    what: 'Points have more labels than CloudWatch takes dimensions; the last in the alphabet were left out as such.',
    why: 'Many attributes on the points or their resource.',
    fix: 'Choose the ones that matter in the exporter, or delete others.',
  },
  unfit_dimension: {
    what: 'The name or value of a dimension was written otherwise.',
    why: 'It is too long or has characters that CloudWatch does not take.',
    fix: 'Nothing, or change the attribute before.',
  },
  unfilled_dimensions: {
    what: 'A point fits a metric declaration, and its labels fill none of its sets of dimensions: there is an event, but no metric.',
    why: 'A label has another name, or is missing.',
    fix: 'Correct `metric_declarations::dimensions`.',
  },
  reserved_label: {
    what: 'A label has a name that the embedded metric format needs itself, and was left out.',
    why: 'An attribute is called so.',
    fix: 'Rename it.',
  },
  no_json: {
    what: 'A label in `parse_json_encoded_attr_values` is no JSON, and stays a text.',
    why: 'The sender writes something else at times.',
    fix: 'Nothing, or take it out of that list.',
  },
  unfit_name: {
    what: 'The name of a log group or stream was made fit for AWS.',
    why: 'A name made from attributes has characters that are not allowed, or is too long.',
    fix: 'Nothing, or change the attribute.',
  },
  missing_attribute: {
    what: 'A placeholder in the name of a log group or stream had nothing to be filled with; `undefined` stands there.',
    why: 'The resource lacks the attribute.',
    fix: 'Set it with a `resource` or `resource_detection` processor.',
  },
  num_traces: {
    what: 'Traces were sent on before their time, to make room for others.',
    why: 'More traces come in within `wait_duration` than `num_traces` allows.',
    fix: 'Raise `num_traces` when the memory is there, or shorten `wait_duration`.',
  },
}
