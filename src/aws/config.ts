// The settings that all AWS components share, under the collector's names (internal/aws/awsutil), to spread into a section.
import * as v from 'valibot'
import { optional, type section, setting, texts } from '../config/schema.ts'
import { flag, integer, nonEmptyText, text } from '../config/values.ts'
import type { Logger } from '../contract/index.ts'
import { httpUrl, proxyUrl } from '../net/client-config.ts'

/** A host alone means https, as in the AWS SDKs. */
const awsEndpoint = v.pipe(
  text,
  v.transform((value) => (value === '' || /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `https://${value}`)),
  httpUrl,
  v.metadata({ kind: 'url' }),
)

const region = v.pipe(text, v.regex(/^[a-z0-9-]*$/i, 'must be the name of a region, such as eu-west-1'))

const roleArn = v.pipe(
  text,
  v.regex(/^(arn:[^:\s]+:iam::\d{12}:role\/\S+)?$/, 'must be like arn:aws:iam::123456789012:role/telemetry'),
)

const sharedFiles = v.pipe(
  texts,
  v.check((files) => files.every((file) => file !== ''), 'must not name an empty path'),
)

export const awsSettings = {
  region: setting(
    region,
    '',
    'The region to send to. Default: AWS_REGION, AWS_DEFAULT_REGION, the profile, the metadata of the ECS task or of the EC2 instance.',
  ),
  endpoint: setting(
    awsEndpoint,
    '',
    'Another address of the service: a VPC endpoint, a test server. Default: AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, the public one.',
  ),
  role_arn: setting(roleArn, '', 'A role to take on for sending, in another account perhaps.'),
  external_id: setting(text, '', 'What the owner of that role wants to be told, in its trust policy sts:ExternalId.'),
  profile: setting(
    text,
    '',
    'The profile in the files of credentials and config. Default: AWS_PROFILE, then "default".',
  ),
  shared_credentials_file: setting(
    sharedFiles,
    [],
    'Files of credentials, a later one over an earlier one. Default: AWS_SHARED_CREDENTIALS_FILE, then ~/.aws/credentials.',
  ),
  local_mode: setting(flag, false, 'Never ask the metadata services of ECS and EC2 for the region.'),
  imds_retries: setting(integer(), 1, 'How many times the EC2 metadata service is asked again.'),
  request_timeout_seconds: setting(integer(), 30, 'How long one call may take, in seconds; 0 is no limit.'),
  num_workers: setting(integer(), 8, 'How many connections to the service stay open unused.'),
  proxy_address: setting(
    proxyUrl,
    '',
    'A proxy, http:// or https://, for the service and for STS. Default: what HTTPS_PROXY and NO_PROXY say.',
  ),
  no_verify_ssl: setting(flag, false, 'Take any certificate of the service: for tests only.'),
  certificate_file_path: setting(text, '', 'A file of certificates of authorities to trust instead of the system’s.'),
  max_retries: optional(integer(), 'Has no effect here: `retry_on_failure` says how often a call is made again.'),
  resource_arn: optional(
    nonEmptyText,
    'The ARN of the resource that the agent runs on; only telemetry about X-Ray has it.',
  ),
} satisfies v.ObjectEntries

export type AwsConfig = v.InferOutput<ReturnType<typeof section<typeof awsSettings>>>

/** A line for each setting that was given and changes nothing. */
export function noteAwsWithoutEffect({ max_retries, resource_arn }: AwsConfig, service: string, log: Logger): void {
  if (max_retries !== undefined)
    log.info('setting has no effect', { setting: 'max_retries', why: 'retry_on_failure says how calls are made again' })
  if (resource_arn !== undefined && service !== 'xray')
    log.info('setting has no effect', { setting: 'resource_arn', why: 'only telemetry about X-Ray has it' })
}
