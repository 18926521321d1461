import * as v from 'valibot'
import { coded } from '../../config/coded.ts'
import { section, setting } from '../../config/schema.ts'
import { text } from '../../config/values.ts'

const region = v.pipe(text, v.regex(/^[a-z0-9-]*$/i, 'must be the name of a region, such as eu-west-1'))

const assumeRole = v.pipe(
  section({
    arn: setting(
      v.pipe(
        text,
        v.regex(/^(arn:[^:\s]+:iam::\d{12}:role\/\S+)?$/, 'must be like arn:aws:iam::123456789012:role/telemetry'),
      ),
      '',
      'The role to take on for signing.',
    ),
    session_name: setting(
      v.pipe(text, v.regex(/^([\w+=,.@-]{2,64})?$/, 'must have 2 to 64 letters, digits and +=,.@-')),
      '',
      'The name under which CloudTrail shows what the role does. Default: sluice.',
    ),
    sts_region: setting(region, '', 'The region whose STS is asked. Default: region.'),
    external_id: setting(text, '', 'What the owner of the role wants to be told, in its trust policy sts:ExternalId.'),
    web_identity_token_file: setting(
      text,
      '',
      'A file with a token of another identity provider, with which the role is taken on; read each time.',
    ),
  }),
  v.check(
    ({ arn, session_name, external_id, web_identity_token_file }) =>
      arn !== '' || (session_name === '' && external_id === '' && web_identity_token_file === ''),
    coded('missing_setting', 'needs arn, the role that is to be taken on'),
  ),
)

export const config = section({
  region: setting(region, '', 'The region to sign for. Default: that in the name of the destination, then AWS_REGION.'),
  service: setting(
    text,
    '',
    'The service to sign for: aps, logs, monitoring, xray, es, aoss, osis. Default: that in the name of the destination.',
  ),
  assume_role: setting(assumeRole, {}, 'Sign as another role.'),
})
export type SigV4AuthConfig = v.InferOutput<typeof config>
