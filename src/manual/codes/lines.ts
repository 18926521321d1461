// Lines and datagrams (StatsD, EMF, X-Ray) that a receiver did not take. These protocols have no answers: their senders do not know.
import type { Codes } from './code.ts'

export const LINES: Codes = {
  line_too_long: {
    what: 'A line is longer than is taken, and was skipped to its end.',
    why: 'Line ends are missing, or something else is sent to the port.',
    fix: 'See that the sender ends its lines; of EMF `max_line_size` is the limit.',
  },
  truncated: {
    what: 'A datagram was longer than the buffer for it, and was not taken.',
    why: 'The sender packs too much into one.',
    fix: 'Set a smaller packet size in the sender, or use TCP where there is one.',
  },
  incomplete_line: {
    what: 'A connection ended within a line.',
    why: 'The sender was ended, or forgets the last line end.',
    fix: 'Let it end its last line before it closes.',
  },
  too_slow: {
    what: 'A line was begun and not ended in time; the connection was closed.',
    why: 'The sender forgets line ends, or hangs.',
    fix: 'See that it ends its lines; `line_timeout` is the limit.',
  },
  no_memory: {
    what: 'There was no room for a datagram, which cannot wait.',
    why: 'The agent is near its limit.',
    fix: 'See `memory_limit`; senders over TCP wait and lose nothing.',
  },
  no_type: {
    what: 'A StatsD line has no type.',
    why: 'What stands behind the `|` is missing: `name:1|c`.',
    fix: 'Correct the sender; the log has an example.',
  },
  no_name: {
    what: 'A StatsD line has no name before the colon.',
    why: 'An empty prefix or variable in the sender.',
    fix: 'Correct the sender; the log has an example.',
  },
  no_value: {
    what: 'A StatsD line has no value between the colon and the `|`.',
    why: 'An empty variable in the sender.',
    fix: 'Correct the sender; the log has an example.',
  },
  bad_value: {
    what: 'The value of a metric is not a number.',
    why: 'A text, NaN, or a decimal comma.',
    fix: 'Correct the sender; the log has an example.',
  },
  bad_type: {
    what: 'A StatsD line has an unknown type.',
    why: 'Another dialect, or a typing error: known are `c`, `g`, `ms`, `h`, `d`, `s`.',
    fix: 'Correct the sender; the log has an example.',
  },
  bad_sample_rate: {
    what: 'The sample rate of a StatsD line is not above 0 and at most 1.',
    why: 'Percent were sent.',
    fix: 'Send `@0.1` for every tenth.',
  },
  bad_timestamp: {
    what: 'The time of a StatsD line is no whole seconds, or stands at a type that has none.',
    why: 'Milliseconds or a date were sent, or a time at a timer.',
    fix: 'Send seconds since 1970, and only with counters and gauges.',
  },
  bad_tag: {
    what: 'A tag of a StatsD line cannot be read.',
    why: 'It has no key, or (with simple tags off) no value.',
    fix: 'Correct the sender, or set `enable_simple_tags`.',
  },
  too_many_tags: {
    what: 'A StatsD line has more tags than are taken.',
    why: 'A faulty sender.',
    fix: 'Correct it.',
  },
  unknown_part: {
    what: 'A StatsD line has a part that no dialect knows.',
    why: 'An extension of another server, or a `|` in a value.',
    fix: 'Correct the sender; the log has an example.',
  },
  event: {
    what: 'An event of DogStatsD is no metric, and was left out.',
    why: 'The client sends events.',
    fix: 'Turn events off in the client, or send them as logs.',
  },
  service_check: {
    what: 'A service check of DogStatsD is no metric, and was left out.',
    why: 'The client sends service checks.',
    fix: 'Turn them off in the client.',
  },
  not_mapped: {
    what: 'A timer, histogram or distribution was left out, since the config maps its type to nothing.',
    why: '`timer_histogram_mapping` has an entry `disabled` for it, or no observer.',
    fix: 'Nothing, when that is intended; else map the type.',
  },
  bad_json: {
    what: 'A line is no JSON object.',
    why: 'Ordinary log lines reach the EMF port, or a document is spread over several lines.',
    fix: 'Write each document in one line.',
  },
  bad_directive: {
    what: 'A part of `CloudWatchMetrics` is not as the format has it.',
    why: 'The namespace is missing, or dimensions are not lists of names.',
    fix: 'Correct the sender; the log names it.',
  },
  bad_metric: {
    what: 'The definition of a metric in an EMF line is not as the format has it.',
    why: 'The name is missing or no text.',
    fix: 'Correct the sender; the log names it.',
  },
  missing_value: {
    what: 'An EMF line names a metric and has no value for it.',
    why: 'The member with the name of the metric was left out.',
    fix: 'Correct the sender; the log names it.',
  },
  missing_dimension: {
    what: 'An EMF line names a dimension and has no value for it.',
    why: 'The member with its name was left out or is empty.',
    fix: 'Correct the sender; the log names it.',
  },
  too_many_points: {
    what: 'One EMF line would make more points than are taken.',
    why: 'Very many values times sets of dimensions.',
    fix: 'Spread them over several lines.',
  },
  missing_segment: {
    what: 'A datagram has the header of X-Ray and no segment behind it.',
    why: 'The sender writes header and document into two datagrams.',
    fix: 'Send both in one.',
  },
}
