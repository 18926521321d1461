// What destinations answer: HTTP and gRPC, AWS, OpenSearch and Elasticsearch, remote write.
import type { Codes } from './code.ts'

export const ANSWERS: Codes = {
  'http_<status>': {
    what: 'The destination answered with this HTTP status. 429, 502, 503 and 504 are tried again, and by some exporters other statuses from 500; everything else is final, and the batch is dropped.',
    why: 'Below 500 the request is not as the destination wants it; from 500 the destination has a problem of its own.',
    fix: 'Read the text of the answer in the log; look the status up in the manual of the destination.',
  },
  http_400: {
    what: 'The destination says that the request is wrong. The batch is dropped.',
    why: 'Another protocol or version than it understands, or data that it does not take (remote write: out of order, too old).',
    fix: 'Read the text of the answer in the log; check `endpoint` with its path, and `encoding` or `protobuf_message`.',
  },
  http_401: {
    what: 'The destination does not know who is sending. The batch is dropped, unless what is sent is renewed by a file or an issuer: then it is sent again.',
    why: 'A key or token is missing, wrong or has expired.',
    fix: 'Check `headers` or the extension in `auth::authenticator`, and that the variable or file of the secret is filled.',
  },
  http_403: {
    what: 'The destination knows who is sending and does not allow it. The batch is dropped.',
    why: 'The key lacks a permission, or is of another account, region or tenant.',
    fix: 'Give the key the permission to write; check endpoint and region.',
  },
  http_404: {
    what: 'There is nothing at this address. The batch is dropped.',
    why: 'The path is wrong: `otlp_http` appends `/v1/traces` and so on to `endpoint`, but not to `traces_endpoint`.',
    fix: 'Compare `endpoint` with the manual of the destination.',
  },
  http_415: {
    what: 'The destination does not take the format. The batch is dropped.',
    why: '`encoding`, `compression` or `protobuf_message` is one that it does not know.',
    fix: 'Set the one that the manual of the destination names.',
  },
  http_429: {
    what: 'The destination wants less at a time. It is tried again, after the wait that the answer asks for.',
    why: 'A quota, or an overloaded server.',
    fix: 'Nothing, when it passes. When the queue grows: larger batches, fewer of them at once (`num_consumers`), less data, or a higher quota.',
  },
  http_503: {
    what: 'The destination is not available for now. It is tried again.',
    why: 'It restarts, is overloaded, or the balancer before it has nobody behind it.',
    fix: 'Look at the destination; make sure that `queue_size` and `max_elapsed_time` bridge such a time.',
  },
  'grpc_<code>': {
    what: 'The destination answered with this gRPC code. Cancelled, deadline exceeded, aborted, out of range, unavailable and data loss are tried again; all others are final.',
    why: 'The codes are those of gRPC; the text behind it is the word of the destination.',
    fix: 'Read the text in the log; look the code up in the manual of the destination.',
  },
  grpc_unavailable: {
    what: 'The destination is not available for now. It is tried again.',
    why: 'It restarts or is overloaded, or a proxy has nobody behind it.',
    fix: 'Look at the destination; make sure that `queue_size` and `max_elapsed_time` bridge such a time.',
  },
  grpc_unauthenticated: {
    what: 'The destination does not know who is sending. The batch is dropped, unless what is sent is renewed by a file or an issuer: then it is sent again.',
    why: 'A key or token is missing, wrong or has expired.',
    fix: 'Check `headers` or the extension in `auth::authenticator`.',
  },
  grpc_permission_denied: {
    what: 'The destination knows who is sending and does not allow it. The batch is dropped.',
    why: 'The key lacks a permission, or is of another tenant.',
    fix: 'Give the key the permission to write.',
  },
  grpc_unimplemented: {
    what: 'The destination does not know this call. The batch is dropped.',
    why: 'It takes no data of this signal, it is no OTLP server, or it takes OTLP over HTTP only at this port.',
    fix: 'Check the port (4317 for gRPC, 4318 for HTTP), or send only the signals that it takes.',
  },
  grpc_resource_exhausted: {
    what: 'The destination has too much. It is tried again only when the answer says when.',
    why: 'A quota, or a message larger than the server takes.',
    fix: 'Send smaller batches (`send_batch_max_size`), or raise the limit or the quota there.',
  },
  throttled: {
    what: 'AWS wants fewer requests. It is tried again more slowly.',
    why: 'The quota of the account, the region or the stream is used up.',
    fix: 'Nothing, when it passes. When the queue grows: larger batches, a lower `num_workers`, or a higher quota.',
  },
  aws_unavailable: {
    what: 'An AWS service failed by itself. It is tried again.',
    why: 'A disturbance in the region, mostly short.',
    fix: 'See the AWS Health Dashboard when it lasts.',
  },
  credentials: {
    what: 'AWS does not accept the credentials, or there are none. They are fetched anew, and it is tried again.',
    why: 'No role on the machine, the task or the pod; keys that have expired; a clock that is wrong.',
    fix: 'The message names the sources that were asked. See [docs/aws.md](aws.md), and test with `aws sts get-caller-identity` in the same place.',
  },
  no_credentials: {
    what: 'The signing proxy has no credentials to sign a request with, and answers 503.',
    why: 'No role on the machine, the task or the pod, or keys that have expired.',
    fix: 'See [docs/aws.md](aws.md); give the agent a role.',
  },
  access_denied: {
    what: 'The credentials lack a permission. It is tried again at least half a minute later, so that somebody can add it before the batch is given up.',
    why: 'The policy of the role lacks the action, or a policy of the resource or the organisation denies it.',
    fix: 'Add the action that the message names; [docs/aws.md](aws.md) has the policy of every component.',
  },
  resource_not_found: {
    what: 'A log group, stream, bucket or delivery stream is not there. It is tried again, so it may be made now.',
    why: 'A wrong name or region, or nobody may make it.',
    fix: 'Make it, or put right name and `region`.',
  },
  resource_conflict: {
    what: 'Something of that name is there already, or is being changed. It is tried again.',
    why: 'Two agents make the same thing at the same time.',
    fix: 'Nothing, when it passes; else look at what has that name.',
  },
  invalid_request: {
    what: 'AWS says that a request is wrong. The batch is dropped.',
    why: 'A name or a value that the service does not take, or a setting that does not fit the resource.',
    fix: 'The message of AWS is in the log. Report it when the config does not explain it.',
  },
  invalid_id: {
    what: 'X-Ray did not take the id of a segment.',
    why: 'The span has an id that X-Ray does not know as one.',
    fix: 'Look at what makes the ids.',
  },
  invalid_trace_id: {
    what: 'X-Ray did not take the id of a trace.',
    why: 'The trace id has a form or a time that X-Ray refuses.',
    fix: 'Use the X-Ray id generator in the SDK, or turn on the search for spans (Transaction Search), which takes any id.',
  },
  invalid_segment: {
    what: 'X-Ray could not read a segment document.',
    why: 'A field has a form that X-Ray does not take.',
    fix: 'Report it with the message in the log.',
  },
  trace_too_large: {
    what: 'X-Ray takes no more segments of this trace.',
    why: 'The trace has grown larger than X-Ray allows, often by a loop or a job that never ends.',
    fix: 'Begin a new trace for each unit of work.',
  },
  'rejected_<status>': {
    what: 'The search server refused a document with this status, for a cause without a word of its own.',
    why: 'The text of the server in the log says it.',
    fix: 'Put right the data or the index; set `dead_letter` to keep such documents.',
  },
  rejected: {
    what: 'The search server refused a document without a status that could be read.',
    why: 'An unusual server or a proxy in between.',
    fix: 'Read the message in the log; set `dead_letter` to keep such documents.',
  },
  'document_<status>': {
    what: 'The search server took a request and refused some of its documents for now. Only those are sent again.',
    why: 'Its write queue is full (429), or a shard or node is not well (5xx).',
    fix: 'Nothing, when it passes; else look at the health of the cluster.',
  },
  retries_exhausted: {
    what: 'A document was sent again as often as it may be, and was dropped.',
    why: 'A shard was not well for that long.',
    fix: 'Look at the health of the cluster; raise `retry` in the exporter; set `dead_letter`.',
  },
  mapping_error: {
    what: 'A document does not fit the mapping of its index, and was dropped.',
    why: 'A field has another type than it had first, such as a text where there was a number, or the mapping is strict.',
    fix: 'The message names the field. Change it before the exporter, or the index template; set `dead_letter` to keep such documents.',
  },
  invalid_document: {
    what: 'The search server found an argument in a document that it does not take; it was dropped.',
    why: 'Too many fields in the index, a field that is too long, a time out of range.',
    fix: 'The message has the cause. Set `dead_letter` to keep such documents.',
  },
  bad_index: {
    what: 'The index is not there and may not be made, or its name is not allowed. The documents were dropped.',
    why: 'Automatic creation is off, or a name made from attributes has characters that are not allowed.',
    fix: 'Make the index or its template; check the settings of the index name.',
  },
  version_conflict: {
    what: 'A document of that id was there already, and the new one was dropped.',
    why: 'It was sent twice after an answer was lost: then nothing is missing.',
    fix: 'Nothing, when there are few.',
  },
  forbidden: {
    what: 'The user may not write to this index. The documents were dropped.',
    why: 'The role lacks the right to write or to make the index; or the index is locked.',
    fix: 'Give the role these rights; see whether the index is read-only.',
  },
  wrong_product: {
    what: 'The server is not the product that the exporter is for; nothing is sent.',
    why: '`elasticsearch` asks OpenSearch, or the reverse.',
    fix: 'Use the other exporter.',
  },
  not_written: {
    what: 'The destination answered a request of remote write 2.0 without saying what it wrote: it has understood nothing.',
    why: 'It knows only the first version.',
    fix: 'Set `protobuf_message: prometheus.WriteRequest`.',
  },
  no_token: {
    what: 'There is no token to send with yet. It is tried again.',
    why: 'The file with the token is empty or missing, or the authorization server does not answer.',
    fix: 'The message names the file or the server.',
  },
  ambiguous_header: {
    what: '`headers_setter` was to hand on a header of the sender that has several values. The data is dropped.',
    why: 'The sender, or a proxy before the agent, sends it twice.',
    fix: 'Let the sender send one value.',
  },
  unsigned: {
    what: 'A request could not be signed for AWS. It is tried again.',
    why: 'The address does not say for which service and region it is.',
    fix: 'Set `service` and `region` of `sigv4auth`.',
  },
}
