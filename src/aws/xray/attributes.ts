// The names under which a segment document and a span say the same thing: what `decode` writes, `encode` reads, so that
// segment -> span -> segment loses nothing. Names that the collector has are the collector's.
//
// A span that has `aws.xray.name` came from a document, and goes back as one: nothing is derived that the document did not
// have. What other processors have changed or added on the way is respected, since every value has one place:
//
//   document                          span
//   name                              aws.xray.name, and the span's name; of the outermost one also service.name
//   id, trace_id, parent_id           the ids; start_time, end_time: the times (no end: aws.xray.inprogress)
//   type, namespace, in_progress      aws.xray.type ("embedded": inside its parent), aws.xray.namespace, aws.xray.inprogress
//   fault, error, throttle            aws.xray.fault, aws.xray.error, aws.xray.throttle (absent: not in the document)
//   origin, traced, precursor_ids     aws.xray.origin, aws.xray.traced, aws.xray.precursor_ids (list)
//   user                              enduser.id
//   resource_arn                      aws.xray.resource_arn, of the resource; only a segment's (a subsegment's is rest)
//   http.request                      method, url, user_agent, client_ip: `http.…` or the stable names; aws.xray.x_forwarded_for
//   http.response                     status; content_length: http.response_content_length, number or text
//   sql                               url, connection_string: aws.xray.sql.…; sanitized_query, database_type, user: db.statement,
//                                     db.system, db.user
//   aws                               operation, account_id, region, request_id, queue_url, table_name: aws.…; table_names:
//                                     aws.dynamodb.table_names (list); retries: aws.xray.retries
//   aws.ec2, ecs, eks, …, xray,       attributes of the resource (`resource` below, from the outermost); written back where the span's rest has
//   cloudwatch_logs, service          the block, be it empty: { "aws": { "ecs": {}, "cloudwatch_logs": [] }, "service": {} }; a
//                                     member that the resource has and the block has not is null in it
//   cause                             a text: aws.xray.cause.id; an object: aws.xray.cause.working_directory, .paths (list) and
//                                     an event `exception` each, in their order, with aws.xray.exception.…
//   stack                             exception.stacktrace as `stackText` writes it; if `parseStack` would not give back the
//                                     same frames also aws.xray.exception.stack, as JSON
//   annotations                       an attribute each, the keys also in aws.xray.annotations (list)
//   metadata                          aws.xray.metadata.<namespace>, JSON as text
//   links                             links
//   all other members                 aws.xray.rest (of an exception: aws.xray.exception.rest): a JSON object as text, nested as
//                                     in the document: { "aws": { "xray": { "package": "aws-xray-sdk" } } }

/** Attributes of a span that belong to X-Ray alone. */
/** The `aws.xray.type` of a subsegment that was inside its parent; as a document of its own it is a `subsegment`. */
export const EMBEDDED = 'embedded'

export const xray = {
  name: 'aws.xray.name',
  type: 'aws.xray.type',
  namespace: 'aws.xray.namespace',
  inProgress: 'aws.xray.inprogress',
  fault: 'aws.xray.fault',
  error: 'aws.xray.error',
  throttle: 'aws.xray.throttle',
  origin: 'aws.xray.origin',
  traced: 'aws.xray.traced',
  precursorIds: 'aws.xray.precursor_ids',
  forwardedFor: 'aws.xray.x_forwarded_for',
  retries: 'aws.xray.retries',
  sqlUrl: 'aws.xray.sql.url',
  sqlConnectionString: 'aws.xray.sql.connection_string',
  causeId: 'aws.xray.cause.id',
  causeWorkingDirectory: 'aws.xray.cause.working_directory',
  causePaths: 'aws.xray.cause.paths',
  annotations: 'aws.xray.annotations',
  /** The namespace follows. */
  metadataPrefix: 'aws.xray.metadata.',
  rest: 'aws.xray.rest',
} as const

/** Attributes of an event called `exception`. */
export const exception = {
  event: 'exception',
  type: 'exception.type',
  message: 'exception.message',
  stacktrace: 'exception.stacktrace',
  id: 'aws.xray.exception.id',
  remote: 'aws.xray.exception.remote',
  truncated: 'aws.xray.exception.truncated',
  skipped: 'aws.xray.exception.skipped',
  cause: 'aws.xray.exception.cause',
  stack: 'aws.xray.exception.stack',
  rest: 'aws.xray.exception.rest',
} as const

/** Attributes of a span about a call of an AWS service. */
export const aws = {
  service: 'aws.service',
  operation: 'aws.operation',
  accountId: 'aws.account_id',
  region: 'aws.region',
  requestId: 'aws.request_id',
  queueUrl: 'aws.queue_url',
  tableName: 'aws.table_name',
  tableNames: 'aws.dynamodb.table_names',
} as const

/** Attributes of a span that both directions know; where there are two names the second is the newer one. */
export const span = {
  user: 'enduser.id',
  httpMethod: ['http.method', 'http.request.method'],
  httpUrl: ['http.url', 'url.full'],
  httpUserAgent: ['http.user_agent', 'user_agent.original'],
  httpClientIp: ['http.client_ip', 'client.address'],
  httpStatus: ['http.status_code', 'http.response.status_code'],
  httpContentLength: ['http.response_content_length', 'http.response.body.size'],
  dbStatement: ['db.statement', 'db.query.text'],
  dbSystem: ['db.system', 'db.system.name'],
  dbUser: 'db.user',
} as const

/** Attributes of the resource. `aws.ec2`, `aws.ecs` and `aws.eks` share a few, as in the collector. */
export const resource = {
  /** The outermost name. */
  serviceName: 'service.name',
  /** `service.version`, and `version_label` of Elastic Beanstalk. */
  serviceVersion: 'service.version',
  /** `environment_name` and, as text, `deployment_id` of Elastic Beanstalk. */
  serviceNamespace: 'service.namespace',
  serviceInstanceId: 'service.instance.id',
  /** `aws` with an `aws` block, else `unknown`. */
  cloudProvider: 'cloud.provider',
  cloudPlatform: 'cloud.platform',
  cloudAccountId: 'cloud.account.id',
  /** Of EC2 and ECS. */
  availabilityZone: 'cloud.availability_zone',
  hostId: 'host.id',
  hostType: 'host.type',
  hostImageId: 'host.image.id',
  containerName: 'container.name',
  /** Of ECS and EKS. */
  containerId: 'container.id',
  ecsContainerArn: 'aws.ecs.container.arn',
  ecsClusterArn: 'aws.ecs.cluster.arn',
  ecsTaskArn: 'aws.ecs.task.arn',
  ecsTaskFamily: 'aws.ecs.task.family',
  ecsLaunchType: 'aws.ecs.launchtype',
  clusterName: 'k8s.cluster.name',
  podName: 'k8s.pod.name',
  /** Lists, a place for each log group; a text that is not there is "". */
  logGroupArns: 'aws.log.group.arns',
  logGroupNames: 'aws.log.group.names',
  /** `aws.xray.sdk`, whole: `X-Ray for Node.js`. */
  sdkName: 'telemetry.sdk.name',
  sdkVersion: 'telemetry.sdk.version',
  sdkLanguage: 'telemetry.sdk.language',
  resourceArn: 'aws.xray.resource_arn',
} as const
