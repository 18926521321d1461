import * as v from 'valibot'
import { awsSettings } from '../../aws/index.ts'
import { oneOf, required, section, setting } from '../../config/schema.ts'
import { flag, integer, size } from '../../config/values.ts'
import { deliverySettings } from '../../delivery/index.ts'
import { MAX_RECORD_BYTES, MAX_RECORDS } from './limits.ts'

const streamName = v.pipe(
  v.string('must be a text'),
  v.regex(/^[a-zA-Z0-9_.-]{1,64}$/, 'must be the name of a delivery stream: 1 to 64 letters, digits, and _ . -'),
  v.metadata({ kind: 'text' }),
)

const recordSize = v.pipe(
  size,
  v.minValue(1024, 'must be at least 1KiB'),
  v.maxValue(MAX_RECORD_BYTES, `must be at most ${MAX_RECORD_BYTES}, which is all that Firehose takes`),
)

export const config = v.pipe(
  section({
    delivery_stream: required(streamName, 'The delivery stream (Firehose stream) to put records into.'),
    encoding: setting(
      section({
        name: setting(
          oneOf(['json_lines', 'otlp_json', 'otlp_proto', 'body']),
          'json_lines',
          'What records have in them: json_lines, a flat object a line; otlp_json, a request a line; otlp_proto, requests behind their lengths; body, bodies of log records, a line each.',
        ),
        compression: setting(
          oneOf(['', 'none', 'gzip', 'zstd']),
          'none',
          'How each record is compressed: gzip, zstd or none.',
        ),
      }),
      {},
      'The form of records.',
    ),
    pack_records: setting(
      flag,
      true,
      'Put as many lines into a record as fit. Without it each is a record: for streams that look into records, and at more cost.',
    ),
    max_records_per_batch: setting(integer(1, MAX_RECORDS), MAX_RECORDS, 'How many records a call has at most.'),
    max_record_size: setting(recordSize, MAX_RECORD_BYTES, 'How large a record gets, before base64.'),
    ...awsSettings,
    ...deliverySettings({ timeout: '30s' }),
  }),
)
export type FirehoseConfig = v.InferOutput<typeof config>
