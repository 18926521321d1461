import * as v from 'valibot'
import { oneOf, optional, section, setting } from '../../config/schema.ts'
import { secret, text } from '../../config/values.ts'
import { httpServerEntries } from '../../net/http-server.ts'
import { addressIsValid } from '../../net/listen.ts'

/** A record of Firehose grows by a third in base64, and it sends up to 64 MiB of them in a request. */
const MAX_BODY_BYTES = 64 * 1024 * 1024

export const config = v.pipe(
  section({
    ...httpServerEntries('localhost:4433', { read_header_timeout: '0s', write_timeout: '0s', idle_timeout: '0s' }),
    max_request_body_size: setting(
      v.pipe(v.number('must be a number'), v.integer('must be a whole number'), v.minValue(1, 'must be at least 1')),
      MAX_BODY_BYTES,
      'Bytes that a body may have, before and after each decompression, its records together.',
    ),
    path: setting(
      v.pipe(text, v.regex(/^\/[^?#\s]*$/, 'must be a path that begins with a slash, without query or spaces')),
      '/',
      'Where payloads are posted.',
    ),
    access_key: optional(
      secret,
      'What senders must show in X-Amz-Firehose-Access-Key, as configured for the Firehose stream; without it anybody may send.',
    ),
    message_format: setting(
      oneOf(['text', 'json']),
      'text',
      'What a message becomes: `text` keeps it as it is, `json` makes a map of one that is a JSON object (others stay text).',
    ),
  }),
  addressIsValid(),
)
export type AwsLogsConfig = v.InferOutput<typeof config>
