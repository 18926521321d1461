import * as v from 'valibot'
import { coded } from '../../config/coded.ts'
import { optional, section, setting } from '../../config/schema.ts'
import { duration, flag, integer, text } from '../../config/values.ts'
import { httpServerEntries } from '../../net/http-server.ts'
import { addressIsValid } from '../../net/listen.ts'
import { notYet } from '../../net/not-yet.ts'

const DETAILED = 'the second version of the health check is not there; every component is at /health/detailed'

const entries = {
  ...httpServerEntries('localhost:13133', { read_header_timeout: '1m', write_timeout: '30s', idle_timeout: '1m' }),
  path: setting(
    v.pipe(text, v.regex(/^\/[^?#\s]*$/, 'must start with / and have neither query nor spaces')),
    '/',
    'Where it answers as the collector does; / is every path that has no other answer.',
  ),
  response_body: optional(
    section({
      healthy: setting(text, '', 'The body when the agent is ready.'),
      unhealthy: setting(text, '', 'The body when it is not.'),
    }),
    'Fixed texts to answer with at `path` instead of the JSON.',
  ),
  check_collector_pipeline: setting(
    section({
      enabled: setting(flag, false, 'Whether failing exporters make the agent unhealthy.'),
      interval: setting(duration, '5m', 'The span of time in which failures count.'),
      exporter_failure_threshold: setting(integer(1), 5, 'More failures than this in the interval are unhealthy.'),
    }),
    {},
    'Answers 503 while exporters fail, not only while the agent starts and stops.',
  ),
  max_event_loop_delay: setting(
    duration,
    '0s',
    'Answers 503 when the process was later than this within the last minute; 0 is never: a restart would not make it faster.',
  ),
  use_v2: v.pipe(
    setting(
      v.literal(false, coded('unsupported_setting', DETAILED)),
      false,
      'The collector’s second version; only false.',
    ),
    v.transform(() => undefined),
  ),
  http: notYet('the settings of the second version (http)'),
  grpc: notYet('the settings of the second version (grpc)'),
  component_health: notYet('the settings of the second version (component_health)'),
}

export const config = v.pipe(section(entries), addressIsValid())
export type HealthCheckConfig = v.InferOutput<typeof config>
