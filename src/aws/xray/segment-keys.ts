// The attributes of a span that a segment document has places for, by number: see `KnownAttributes`.
import { aws, span, xray } from './attributes.ts'

/** What attributes are about; a document without any of a group needs no look at it. */
export const NAMING = 1
export const HTTP = 2
export const URL_PART = 4
export const SQL = 8
export const CALL = 16

const names: string[] = []
const groups: number[] = []
let group = 0

function numberOf(name: string, more = 0): number {
  groups.push(group | more)
  return names.push(name) - 1
}

// from documents
export const NAME: number = numberOf(xray.name, NAMING)
export const TYPE: number = numberOf(xray.type)
export const NAMESPACE: number = numberOf(xray.namespace)
export const IN_PROGRESS: number = numberOf(xray.inProgress)
export const FAULT: number = numberOf(xray.fault)
export const ERROR: number = numberOf(xray.error)
export const THROTTLE: number = numberOf(xray.throttle)
export const ORIGIN: number = numberOf(xray.origin)
export const TRACED: number = numberOf(xray.traced)
export const PRECURSOR_IDS: number = numberOf(xray.precursorIds)
export const FORWARDED_FOR: number = numberOf(xray.forwardedFor)
export const RETRIES: number = numberOf(xray.retries, CALL)
export const SQL_URL: number = numberOf(xray.sqlUrl)
export const SQL_CONNECTION_STRING: number = numberOf(xray.sqlConnectionString)
export const CAUSE_ID: number = numberOf(xray.causeId)
export const CAUSE_WORKING_DIRECTORY: number = numberOf(xray.causeWorkingDirectory)
export const CAUSE_PATHS: number = numberOf(xray.causePaths)
export const ANNOTATIONS: number = numberOf(xray.annotations)
export const REST: number = numberOf(xray.rest)

// who is called, by the names of Application Signals and of the conventions
group = NAMING
export const LOCAL_SERVICE: number = numberOf('aws.local.service')
export const REMOTE_SERVICE: number = numberOf('aws.remote.service')
export const REMOTE_OPERATION: number = numberOf('aws.remote.operation')
export const REMOTE_TARGET: number = numberOf('remoteTarget')
export const REMOTE_NAMESPACE: number = numberOf('K8s.RemoteNamespace')
export const SPAN_KIND: number = numberOf('aws.span.kind')
export const PEER_SERVICE: number = numberOf('peer.service')
export const RPC_SYSTEM: number = numberOf('rpc.system')
export const RPC_SYSTEM_NAME: number = numberOf('rpc.system.name')
export const RPC_SERVICE: number = numberOf('rpc.service')
export const RPC_METHOD: number = numberOf('rpc.method', CALL)
group = 0
export const USER: number = numberOf(span.user)

// http
group = HTTP
export const HTTP_METHOD: number = numberOf(span.httpMethod[0])
export const HTTP_REQUEST_METHOD: number = numberOf(span.httpMethod[1])
export const HTTP_URL: number = numberOf(span.httpUrl[0])
export const URL_FULL: number = numberOf(span.httpUrl[1])
export const HTTP_USER_AGENT: number = numberOf(span.httpUserAgent[0])
export const USER_AGENT: number = numberOf(span.httpUserAgent[1])
export const HTTP_CLIENT_IP: number = numberOf(span.httpClientIp[0])
export const CLIENT_ADDRESS: number = numberOf(span.httpClientIp[1])
export const HTTP_STATUS: number = numberOf(span.httpStatus[0])
export const HTTP_RESPONSE_STATUS: number = numberOf(span.httpStatus[1])
group = 0
export const HTTP_CONTENT_LENGTH: number = numberOf(span.httpContentLength[0])
export const HTTP_BODY_SIZE: number = numberOf(span.httpContentLength[1])
export const HTTP_STATUS_TEXT: number = numberOf('http.status_text')
group = HTTP | URL_PART
export const HTTP_SCHEME: number = numberOf('http.scheme')
export const URL_SCHEME: number = numberOf('url.scheme')
export const HTTP_HOST: number = numberOf('http.host', NAMING)
export const HTTP_TARGET: number = numberOf('http.target')
export const HTTP_SERVER_NAME: number = numberOf('http.server_name')
export const URL_PATH: number = numberOf('url.path')
export const URL_QUERY: number = numberOf('url.query')
export const NET_HOST_PORT: number = numberOf('net.host.port')
group = URL_PART
export const HOST_NAME: number = numberOf('host.name')
export const NET_HOST_NAME: number = numberOf('net.host.name')
export const NET_PEER_NAME: number = numberOf('net.peer.name', NAMING)
export const NET_PEER_PORT: number = numberOf('net.peer.port')
export const NET_PEER_IP: number = numberOf('net.peer.ip')
group = 0
export const NETWORK_PEER_ADDRESS: number = numberOf('network.peer.address')
export const SERVER_ADDRESS: number = numberOf('server.address', URL_PART)
export const SERVER_PORT: number = numberOf('server.port', URL_PART)
export const MESSAGE_TYPE: number = numberOf('message.type')
export const MESSAGE_SIZE: number = numberOf('messaging.message_payload_size_bytes')

// sql
group = SQL
export const DB_SYSTEM: number = numberOf(span.dbSystem[0])
export const DB_SYSTEM_NAME: number = numberOf(span.dbSystem[1])
export const DB_STATEMENT: number = numberOf(span.dbStatement[0])
export const DB_QUERY_TEXT: number = numberOf(span.dbStatement[1])
export const DB_USER: number = numberOf(span.dbUser)
export const DB_NAME: number = numberOf('db.name', NAMING)
export const DB_NAMESPACE: number = numberOf('db.namespace', NAMING)
export const DB_CONNECTION_STRING: number = numberOf('db.connection_string')

// aws; instrumentations spell a few of them in their own ways
group = CALL
export const AWS_SERVICE: number = numberOf(aws.service, NAMING)
export const AWS_OPERATION: number = numberOf(aws.operation)
export const AWS_ACCOUNT_ID: number = numberOf(aws.accountId)
export const AWS_REGION: number = numberOf(aws.region)
export const AWS_REQUEST_ID: number = numberOf(aws.requestId)
export const AWS_REQUEST_ID_JAVA: number = numberOf('aws.requestId')
export const AWS_QUEUE_URL: number = numberOf(aws.queueUrl)
export const AWS_QUEUE_URL_JAVA: number = numberOf('aws.queue.url')
export const AWS_SQS_QUEUE_URL: number = numberOf('aws.sqs.queue.url')
export const MESSAGING_URL: number = numberOf('messaging.url')
export const AWS_TABLE_NAME: number = numberOf(aws.tableName)
export const AWS_TABLE_NAME_JAVA: number = numberOf('aws.table.name')
export const AWS_TABLE_NAMES: number = numberOf(aws.tableNames)

/** In the order of the numbers above. */
export const segmentKeys: readonly string[] = names
/** The groups of each. */
export const segmentGroups: readonly number[] = groups
