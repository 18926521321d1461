import * as v from 'valibot'
import { awsSettings } from '../../aws/index.ts'
import { coded } from '../../config/coded.ts'
import { componentId, formatComponentId, parseComponentId } from '../../config/component-id.ts'
import { list, optional, section, setting, texts } from '../../config/schema.ts'
import { flag, text } from '../../config/values.ts'
import { deliverySettings } from '../../delivery/index.ts'

const receiverId = v.pipe(
  componentId,
  v.transform((id) => formatComponentId(parseComponentId(id))),
)

const telemetry = section({
  enabled: setting(
    flag,
    false,
    'Tell X-Ray once a minute how many segments were received, sent and refused (PutTelemetryRecords).',
  ),
  include_metadata: setting(flag, false, 'Tell on which host this is: hostname, instance_id and resource_arn.'),
  contributors: setting(
    list(receiverId),
    [],
    'Receivers `awsxray` whose segments count too; one with the exporter’s own id always does.',
  ),
  hostname: setting(text, '', 'The host name to tell. Default: AWS_HOSTNAME, then what EC2 says.'),
  instance_id: setting(text, '', 'The id of the EC2 instance to tell. Default: AWS_INSTANCE_ID, then what EC2 says.'),
  resource_arn: setting(text, '', 'The ARN to tell. Default: the `resource_arn` of the exporter.'),
})

export const config = section({
  ...awsSettings,
  indexed_attributes: setting(
    texts,
    [],
    'Attributes that become annotations, which X-Ray searches; the others become metadata. Of the resource: `otel.resource.<key>`.',
  ),
  index_all_attributes: setting(
    flag,
    false,
    'Make every attribute an annotation that can be one, up to 50 a document, those of indexed_attributes first.',
  ),
  aws_log_groups: setting(
    texts,
    [],
    'Log groups that X-Ray shows beside a trace, for spans whose resource has no aws.log.group.arns or aws.log.group.names.',
  ),
  skip_timestamp_validation: setting(
    flag,
    true,
    'Take trace ids that do not begin with a time; X-Ray does. If not, those older than 28 days are dropped.',
  ),
  middleware: optional(
    v.pipe(
      v.string(),
      v.check(() => false, coded('unsupported_setting', 'middleware extensions are not supported: remove this line')),
    ),
    'A middleware extension. There is none, so this is refused.',
  ),
  telemetry: setting(telemetry, {}, 'What X-Ray is told about this agent.'),
  ...deliverySettings({ timeout: '30s', numConsumers: 8 }),
})
export type AwsXrayConfig = v.InferOutput<typeof config>
