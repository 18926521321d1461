import * as v from 'valibot'
import { coded } from '../../config/coded.ts'
import { list, oneOf, optional, record, section, setting } from '../../config/schema.ts'
import { duration, flag, nonEmptyText, secret, size, text } from '../../config/values.ts'
import { deliverySettings } from '../../delivery/index.ts'
import { checkHttpClient, httpClientSettings, httpUrl } from '../../net/client-config.ts'
import { deadLetterSettings } from '../../search/dead-letters.ts'

const http = v.pipe(
  section({
    ...httpClientSettings({ compression: '' }),
    timeout: setting(
      duration,
      '0s',
      'The time that one request may take, where that is shorter than timeout outside of http. 0 means no limit.',
    ),
  }),
  checkHttpClient(),
)

const indexName = (what: string, signal: string) =>
  setting(
    text,
    '',
    `The index, alias or data stream for ${what}; %{key} is an attribute. Default: ss4o_${signal}-<dataset>-<namespace>.`,
  )
const indexFallback = (what: string) =>
  setting(text, '', `Stands for an attribute that is missing in the name of the index for ${what}. Default: unknown.`)
const indexTimeFormat = (what: string) =>
  setting(text, '', `The date behind the name of the index for ${what}, of the event: yyyy.MM.dd. Default: none.`)

const mapping = section({
  mode: setting(
    oneOf(['ss4o', 'ecs', 'flatten_attributes', 'bodymap', 'otel-v1']),
    'ss4o',
    'How documents look: the Simple Schema for Observability; log records by the fields of their data model (ecs), with attributes at the top (flatten_attributes), or as their body is (bodymap); as Data Prepper writes them (otel-v1).',
  ),
  fields: setting(
    record(text),
    {},
    'ecs, flatten_attributes: other names, of attributes by their key, of other fields by theirs. Empty: left out, of Body its own fields.',
  ),
  file: setting(text, '', 'A YAML file with more of fields.'),
  timestamp_field: setting(text, '', 'ecs, flatten_attributes: the field of the time. Default: @timestamp.'),
  unix_timestamp: setting(flag, false, 'ecs, flatten_attributes: the time in milliseconds since 1970.'),
  dedup: optional(flag, 'Has no effect here: names that stand twice never get into a document.'),
  dedot: setting(flag, false, 'ecs, flatten_attributes: objects instead of names with dots.'),
})

const discover = section({
  on_start: setting(flag, false, 'Whether to ask for the nodes of the cluster at the start.'),
  interval: setting(duration, '0s', 'How often to ask for them. 0 means never.'),
})

export const config = v.pipe(
  section({
    http: setting(http, {}, 'The server and how to talk to it.'),
    endpoints: setting(list(httpUrl), [], 'More nodes of the cluster beside http::endpoint. All are used in turn.'),
    discover: setting(discover, {}, 'Finds the nodes of the cluster. Not behind a load balancer.'),
    user: setting(text, '', 'The user, for basic authentication.'),
    password: optional(secret, 'The password of the user.'),
    dataset: setting(nonEmptyText, 'default', 'What kind of data it is: a part of names of indices.'),
    namespace: setting(nonEmptyText, 'namespace', 'Whose data it is: a part of names of indices.'),
    logs_index: indexName('log records', 'logs'),
    logs_index_fallback: indexFallback('log records'),
    logs_index_time_format: indexTimeFormat('log records'),
    traces_index: indexName('spans', 'traces'),
    traces_index_fallback: indexFallback('spans'),
    traces_index_time_format: indexTimeFormat('spans'),
    metrics_index: indexName('data points', 'metrics'),
    metrics_index_fallback: indexFallback('data points'),
    metrics_index_time_format: indexTimeFormat('data points'),
    bulk_action: setting(
      oneOf(['create', 'index']),
      'create',
      'create keeps a document that is there already and is what data streams take; index replaces it.',
    ),
    document_id_attribute: setting(
      text,
      '',
      'The attribute that is the id of the document (_id), so that what is sent twice is there once. Default: none.',
    ),
    pipeline: setting(text, '', 'The ingest pipeline that documents go through.'),
    max_bulk_size: setting(size, 5_000_000, 'The size of a bulk request, before compression. Larger ones are cut.'),
    mapping: setting(mapping, {}, 'How documents look.'),
    dead_letter: setting(
      deadLetterSettings,
      {},
      'Where documents go that the server refuses. Default: counted and logged.',
    ),
    ...deliverySettings(),
  }),
  v.forward(
    v.check(
      ({ http, endpoints }) => http.endpoint !== '' || endpoints.length > 0,
      coded('missing_setting', 'needs to know where to send to: http: { endpoint: https://localhost:9200 }'),
    ),
    ['http'],
  ),
)
export type OpenSearchConfig = v.InferOutput<typeof config>
