import * as v from 'valibot'
import { type AwsConfig, awsSettings } from '../../aws/index.ts'
import { coded } from '../../config/coded.ts'
import { oneOf, optional, section, setting } from '../../config/schema.ts'
import { duration, flag, integer, text } from '../../config/values.ts'
import { messageOf } from '../../contract/index.ts'
import { deliverySettings } from '../../delivery/index.ts'
import { notYet } from '../../net/not-yet.ts'
import { fixedKeyBytes, MAX_KEY_BYTES } from './key.ts'
import { createStrftime } from './strftime.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html; older ones may have capitals and _. */
export const BUCKET = /^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/

const STORAGE_CLASSES = [
  'STANDARD',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER',
  'GLACIER_IR',
  'DEEP_ARCHIVE',
] as const
const ACLS = [
  '',
  'private',
  'public-read',
  'public-read-write',
  'authenticated-read',
  'aws-exec-read',
  'bucket-owner-read',
  'bucket-owner-full-control',
] as const

const bucket = v.pipe(
  text,
  v.check((name) => name === '' || BUCKET.test(name), 'must be the name of a bucket'),
)

const checked = (check: (text: string) => unknown, wordsOf: (error: unknown) => string = messageOf) =>
  v.pipe(
    text,
    v.rawCheck<string>(({ dataset, addIssue }) => {
      if (!dataset.typed) return
      try {
        check(dataset.value)
      } catch (error) {
        addIssue({ message: wordsOf(error) })
      }
    }),
  )
const strftime = checked((format) => createStrftime(format, 'UTC'))
const timezone = checked(
  (zone) => createStrftime('', zone),
  () => 'must be the name of a time zone, such as Europe/Berlin',
)

const SDK_RETRY = 'Has no effect here: `retry_on_failure` says how an upload is tried again.'

const uploader = section({
  region: setting(
    text,
    '',
    'The region of the bucket. Default: AWS_REGION, AWS_DEFAULT_REGION, the profile, what ECS or EC2 say, then us-east-1.',
  ),
  s3_bucket: setting(bucket, '', 'The bucket. May be missing when a resource attribute names it.'),
  s3_prefix: setting(text, '', 'What keys begin with, before the partition.'),
  s3_base_prefix: setting(text, '', 'What keys begin with even before the prefix, whatever resource attributes say.'),
  s3_partition_format: setting(
    strftime,
    'year=%Y/month=%m/day=%d/hour=%H/minute=%M',
    'The part of the key that is a time, as in strftime; the time is that of the upload.',
  ),
  s3_partition_timezone: setting(
    timezone,
    '',
    'The time zone of that time, such as Europe/Berlin. Default: the local one.',
  ),
  file_prefix: setting(text, '', 'What the last part of the key begins with.'),
  endpoint: awsSettings.endpoint,
  role_arn: awsSettings.role_arn,
  external_id: awsSettings.external_id,
  s3_force_path_style: setting(flag, false, 'Name the bucket in the path, not in the host: for most other stores.'),
  disable_ssl: setting(flag, false, 'Send without TLS.'),
  acl: setting(oneOf(ACLS), '', 'A canned ACL for each object. Default: what the bucket says.'),
  storage_class: setting(
    oneOf(STORAGE_CLASSES),
    'STANDARD',
    'The storage class of objects: GLACIER and DEEP_ARCHIVE for archives.',
  ),
  compression: setting(oneOf(['', 'none', 'gzip', 'zstd']), 'none', 'How objects are compressed: gzip, zstd or none.'),
  unique_key_func_name: setting(
    oneOf(['', 'uuidv7']),
    '',
    'What makes a key unique: uuidv7, whose order is that of time, or nothing for a random number.',
  ),
  retry_mode: optional(oneOf(['standard', 'adaptive', 'nop']), SDK_RETRY),
  retry_max_attempts: optional(integer(), SDK_RETRY),
  retry_max_backoff: optional(duration, SDK_RETRY),
  notifications: notYet('notifications of uploads (notifications)'),
})

export const config = v.pipe(
  section({
    s3uploader: setting(uploader, {}, 'Where objects go.'),
    marshaler: setting(
      oneOf(['otlp_json', 'otlp_proto', 'json_lines', 'body', 'sumo_ic']),
      'otlp_json',
      'What an object has in it: otlp_json or otlp_proto, one request; json_lines, an object a line; for logs body, a line each, or sumo_ic.',
    ),
    encoding: notYet('encoding extensions'),
    encoding_file_extension: setting(
      text,
      '',
      'The end of keys for `encoding`, which is not supported: must be empty.',
    ),
    resource_attrs_to_s3: setting(
      section({
        s3_bucket: setting(text, '', 'The resource attribute that names the bucket, where there is one.'),
        s3_prefix: setting(text, '', 'The resource attribute that is the prefix, where there is one.'),
      }),
      {},
      'Resource attributes that say where to.',
    ),
    ...deliverySettings({ queueEnabled: false }),
  }),
  v.forward(
    v.check(
      ({ s3uploader, resource_attrs_to_s3 }) => s3uploader.s3_bucket !== '' || resource_attrs_to_s3.s3_bucket !== '',
      coded('missing_setting', 'is required, unless resource_attrs_to_s3::s3_bucket names the attribute that has it'),
    ),
    ['s3uploader', 's3_bucket'],
  ),
  v.forward(
    v.check(
      ({ encoding_file_extension }) => encoding_file_extension === '',
      coded('unsupported_setting', 'is for encoding extensions: remove it'),
    ),
    ['encoding_file_extension'],
  ),
  v.forward(
    v.check(
      ({ marshaler, s3uploader }) => marshaler !== 'sumo_ic' || s3uploader.compression !== 'zstd',
      'must be gzip or none for sumo_ic',
    ),
    ['s3uploader', 'compression'],
  ),
  v.forward(
    v.check(
      ({ s3uploader }) => fixedKeyBytes(s3uploader) <= MAX_KEY_BYTES,
      `makes keys of more than the ${MAX_KEY_BYTES} bytes that S3 takes, with the other parts`,
    ),
    ['s3uploader', 's3_prefix'],
  ),
)
export type AwsS3Config = v.InferOutput<typeof config>
export type UploaderConfig = AwsS3Config['s3uploader']

const session = section(awsSettings)

/** The settings of the client that those of the uploader stand for. */
export function awsConfigOf({ region, endpoint, role_arn, external_id, disable_ssl }: UploaderConfig): AwsConfig {
  // A host alone has become https.
  const url = disable_ssl ? endpoint.replace(/^https:/i, 'http:') : endpoint
  return v.parse(session, { region, endpoint: url, role_arn, external_id })
}
