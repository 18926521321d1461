import * as v from 'valibot'
import { awsSettings } from '../../aws/index.ts'
import { logGroupName, logGroupSettings, logStreamName } from '../../aws/logs/index.ts'
import { coded } from '../../config/coded.ts'
import { required, section, setting } from '../../config/schema.ts'
import { flag } from '../../config/values.ts'
import { deliverySettings } from '../../delivery/index.ts'

const PLACEHOLDERS = 'with placeholders such as {ServiceName}, {any.attribute} and {date}'
const notEmpty = v.check((name: string) => name !== '', coded('missing_setting', 'must not be empty'))

export const config = v.pipe(
  section({
    log_group_name: required(v.pipe(logGroupName, notEmpty), `The log group, ${PLACEHOLDERS}.`),
    log_stream_name: required(v.pipe(logStreamName, notEmpty), `The stream in the group, ${PLACEHOLDERS}.`),
    ...logGroupSettings(),
    raw_log: setting(
      flag,
      false,
      'Send the body of a record alone, as a text; lines of the embedded metric format go to the group and stream that they name.',
    ),
    emf_only: setting(
      flag,
      false,
      'Send only lines of the embedded metric format, and drop and count others. Needs `raw_log`.',
    ),
    ...awsSettings,
    ...deliverySettings({ timeout: '30s', numConsumers: 1 }),
  }),
  v.forward(
    v.check(({ raw_log, emf_only }) => raw_log || !emf_only, 'needs raw_log: true'),
    ['emf_only'],
  ),
)
export type AwsCloudwatchLogsConfig = v.InferOutput<typeof config>
