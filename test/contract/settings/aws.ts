// `awsSettings`: what every AWS component has.
import { type Changes, type Scene, under } from './change.ts'

export const awsChanges: Changes = under(
  '',
  {
    region: { value: 'us-gov-west-1', change: 'which region it is signed for' },
    endpoint: { value: ({ aws }: Scene) => `${aws.url}/below`, change: 'where calls go' },
    role_arn: { value: 'arn:aws:iam::123456789012:role/telemetry', change: 'whose credentials they are' },
    external_id: {
      value: 'one',
      with: { role_arn: 'arn:aws:iam::123456789012:role/telemetry' },
      change: 'what the owner of the role is told',
    },
    profile: { value: 'other', change: 'which profile credentials and region are from' },
    shared_credentials_file: {
      value: ({ directory }: Scene) => [`${directory}/keys`],
      change: 'which files they are in',
    },
    local_mode: { value: true, change: 'ECS and EC2 are not asked for the region' },
    imds_retries: { value: 0, change: 'how often EC2 is asked again' },
    request_timeout_seconds: { value: 7, change: 'when a call is given up' },
    num_workers: { value: 3, change: 'how many connections stay open' },
    proxy_address: { value: 'http://127.0.0.1:9', change: 'calls go through it' },
    no_verify_ssl: { value: true, change: 'any certificate will do' },
    certificate_file_path: { value: ({ tls }: Scene) => tls.ca, change: 'which authorities are trusted' },
    max_retries: { value: 5, change: 'a line in the log says that it has no effect' },
    resource_arn: { value: 'arn:aws:ec2:::instance/i-1', change: 'a line in the log, or telemetry of X-Ray, has it' },
  },
  { heldBy: ['test/aws/'] },
)

const arn = 'arn:aws:iam::123456789012:role/telemetry'
const ofRole = { with: { assume_role: { arn } } }
/** Without a queue a sender waits for the end of retries. */
const tested = { heldBy: ['test/exporters/awss3/', 'test/aws/'], with: { retry_on_failure: { enabled: false } } }
export const awss3: Changes = {
  ...under(
    's3uploader',
    {
      region: { value: 'us-gov-west-1', change: 'which region it is signed for' },
      s3_bucket: { value: 'other', change: 'which bucket' },
      s3_prefix: { value: 'logs', change: 'what keys begin with' },
      s3_base_prefix: { value: 'prod', change: 'what they begin with before' },
      s3_partition_format: { value: '%Y', change: 'which time they have' },
      s3_partition_timezone: { value: 'Asia/Kolkata', change: 'of which zone' },
      file_prefix: { value: 'x-', change: 'what their last part begins with' },
      endpoint: { value: ({ aws }: Scene) => `${aws.url}/below`, change: 'where calls go' },
      role_arn: { value: 'arn:aws:iam::123456789012:role/telemetry', change: 'whose credentials they are' },
      external_id: {
        value: 'one',
        with: {
          s3uploader: { role_arn: 'arn:aws:iam::123456789012:role/telemetry' },
          retry_on_failure: { enabled: false },
        },
        change: 'what the owner of the role is told',
      },
      s3_force_path_style: { value: true, change: 'the bucket is in the path' },
      disable_ssl: { value: true, change: 'no TLS' },
      acl: { value: 'private', change: 'who may read objects' },
      storage_class: { value: 'GLACIER', change: 'how they are stored' },
      compression: { value: 'zstd', change: 'how they are compressed' },
      unique_key_func_name: { value: 'uuidv7', change: 'what makes keys unique' },
      retry_mode: { value: 'nop', change: 'a line in the log says that it has no effect' },
      retry_max_attempts: { value: 9, change: 'a line in the log says that it has no effect' },
      retry_max_backoff: { value: '9s', change: 'a line in the log says that it has no effect' },
      notifications: { value: { endpoint: 'http://x' }, refused: /not supported by this version/ },
    },
    tested,
  ),
  marshaler: { value: 'json_lines', change: 'what objects have in them', ...tested },
  encoding: { value: 'text_encoding', refused: /not supported by this version/ },
  encoding_file_extension: { value: 'txt', refused: /is for encoding extensions/ },
  'resource_attrs_to_s3.s3_bucket': { value: 'bucket', change: 'which attribute names the bucket', ...tested },
  'resource_attrs_to_s3.s3_prefix': { value: 'prefix', change: 'which attribute is the prefix', ...tested },
}

export const awskinesisfirehose: Changes = {
  ...awsChanges,
  ...under(
    '',
    {
      delivery_stream: { value: 'other', change: 'which stream' },
      'encoding.name': { value: 'otlp_json', change: 'what records have in them' },
      'encoding.compression': { value: 'gzip', change: 'how they are compressed' },
      pack_records: { value: false, change: 'a record a line' },
      max_records_per_batch: { value: 7, change: 'how many records a call has' },
      max_record_size: { value: '10KiB', change: 'how large they are' },
    },
    { heldBy: ['test/exporters/awskinesisfirehose/'] },
  ),
}

export const awsxray: Changes = {
  ...awsChanges,
  ...under(
    '',
    {
      indexed_attributes: { value: ['order.id'], change: 'which attributes are searched' },
      index_all_attributes: { value: true, change: 'all are' },
      aws_log_groups: { value: ['/ecs/shop'], change: 'which log groups stand beside a trace' },
      skip_timestamp_validation: { value: false, change: 'old trace ids are dropped' },
      middleware: { value: 'one', refused: /middleware extensions are not supported/ },
      'telemetry.enabled': { value: true, change: 'X-Ray is told what was sent' },
      ...under(
        'telemetry',
        {
          include_metadata: { value: true, with: { telemetry: { enabled: true } }, change: 'and by which host' },
          contributors: { value: ['awsxray/in'], change: 'which receivers count' },
          hostname: { value: 'host-1', change: 'what the host is called' },
          instance_id: { value: 'i-1', change: 'which instance it is' },
          resource_arn: { value: 'arn:aws:ec2:::instance/i-1', change: 'which resource' },
        },
        { with: { telemetry: { enabled: true, include_metadata: true } } },
      ),
    },
    { heldBy: ['test/exporters/awsxray/'] },
  ),
}

export const sigv4auth: Changes = {
  region: { value: 'us-gov-west-1', change: 'which region it is signed for' },
  service: { value: 'aps', change: 'which service' },
  'assume_role.arn': { value: arn, change: 'whose credentials they are' },
  'assume_role.session_name': { value: 'me', ...ofRole, change: 'what CloudTrail calls it' },
  'assume_role.sts_region': { value: 'eu-west-2', ...ofRole, change: 'which STS is asked' },
  'assume_role.external_id': { value: 'shop', ...ofRole, change: 'what the owner of the role is told' },
  'assume_role.web_identity_token_file': { value: '/token', ...ofRole, change: 'with what the role is taken on' },
}
