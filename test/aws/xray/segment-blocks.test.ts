// sql and aws: facts of the collector's own tests for its X-Ray exporter, the newer conventions beside the older ones.
import { test } from 'tap'
import { documentOf } from './segments.ts'

test('an SQL database: what was asked, of whom', async (t) => {
  const document = documentOf({
    kind: 'client',
    name: 'SELECT customer',
    attributes: {
      'db.system': 'mysql',
      'db.name': 'customers',
      'db.statement': 'SELECT * FROM user WHERE user_id = ?',
      'db.user': 'readonly_user',
      'db.connection_string': 'mysql://db.dev.example.com:3306',
      'net.peer.name': 'db.dev.example.com',
      'net.peer.port': '3306',
      'enterprise.app.id': '25bbb1c2',
    },
  })
  t.strictSame(document.sql, {
    url: 'SELECT customer',
    connection_string: 'mysql://db.dev.example.com:3306/customers',
    sanitized_query: 'SELECT * FROM user WHERE user_id = ?',
    database_type: 'mysql',
    user: 'readonly_user',
  })
  t.equal(document.name, 'customers@db.dev.example.com')
  t.equal(document.namespace, 'remote')
  t.strictSame(document.metadata.default, {
    'net.peer.name': 'db.dev.example.com',
    'net.peer.port': '3306',
    'enterprise.app.id': '25bbb1c2',
  })
})

test('an SQL database by the newer conventions', async (t) => {
  const document = documentOf({
    kind: 'client',
    name: 'SELECT customers',
    attributes: {
      'db.system.name': 'microsoft.sql_server',
      'db.namespace': 'customers',
      'db.query.text': 'SELECT 1',
      'db.operation.name': 'SELECT',
      'server.address': 'db.example.com',
      'server.port': 1433,
    },
  })
  t.strictSame(document.sql, {
    url: 'SELECT customers',
    connection_string: 'db.example.com:1433/customers',
    sanitized_query: 'SELECT 1',
    database_type: 'microsoft.sql_server',
  })
  t.equal(document.name, 'customers@db.example.com')
  t.strictSame(document.metadata.default, { 'db.operation.name': 'SELECT' })
})

test('without a connection string the server is localhost', async (t) => {
  const { sql } = documentOf({ kind: 'client', attributes: { 'db.system': 'postgresql', 'db.name': 'customers' } })
  t.equal(sql.connection_string, 'localhost/customers')
})

test('a database that speaks no SQL has no block, and loses nothing', async (t) => {
  const attributes = {
    'db.system': 'redis',
    'db.name': '0',
    'db.statement': 'SET key value',
    'db.connection_string': 'redis://x',
  }
  const document = documentOf({ kind: 'client', attributes })
  t.notOk(document.sql)
  t.strictSame(document.metadata.default, attributes)
})

const ec2 = {
  'cloud.provider': 'aws',
  'cloud.platform': 'aws_ec2',
  'cloud.account.id': '123456789',
  'cloud.availability_zone': 'us-east-1c',
  'host.id': 'i-00f7c0bcb26da2a99',
  'host.type': 'm5.xlarge',
  'host.image.id': 'ami-0123456789',
}

test('EC2', async (t) => {
  const document = documentOf({}, ec2)
  t.match(document.aws, {
    account_id: '123456789',
    ec2: {
      instance_id: 'i-00f7c0bcb26da2a99',
      availability_zone: 'us-east-1c',
      instance_size: 'm5.xlarge',
      ami_id: 'ami-0123456789',
    },
  })
  t.equal(document.origin, 'AWS::EC2::Instance')
  t.notOk(document.aws.ecs ?? document.aws.eks ?? document.aws.elastic_beanstalk)
  t.match(documentOf({}, { 'host.id': 'i-1' }).aws.ec2, { instance_id: 'i-1' }, 'by the id of the host alone')
})

test('ECS', async (t) => {
  const resource = {
    'cloud.provider': 'aws',
    'cloud.platform': 'aws_ecs',
    'cloud.account.id': '123456789',
    'cloud.availability_zone': 'us-east-1c',
    'container.name': 'signup_aggregator',
    'container.id': 'abc',
    'aws.ecs.cluster.arn': 'arn:aws:ecs:us-west-2:1:cluster/my-cluster',
    'aws.ecs.container.arn': 'arn:aws:ecs:us-west-2:1:container/9781',
    'aws.ecs.task.arn': 'arn:aws:ecs:us-west-2:1:task/123',
    'aws.ecs.task.family': 'family',
    'aws.ecs.launchtype': 'ec2',
  }
  const document = documentOf({}, resource)
  t.strictSame(document.aws.ecs, {
    container: 'signup_aggregator',
    container_id: 'abc',
    availability_zone: 'us-east-1c',
    container_arn: 'arn:aws:ecs:us-west-2:1:container/9781',
    cluster_arn: 'arn:aws:ecs:us-west-2:1:cluster/my-cluster',
    task_arn: 'arn:aws:ecs:us-west-2:1:task/123',
    task_family: 'family',
    launch_type: 'ec2',
  })
  t.equal(document.origin, 'AWS::ECS::EC2')
  t.equal(documentOf({}, { ...resource, 'aws.ecs.launchtype': 'fargate' }).origin, 'AWS::ECS::Fargate')
  t.equal(documentOf({}, { ...resource, 'aws.ecs.launchtype': '' }).origin, 'AWS::ECS::Container')
})

test('Elastic Beanstalk', async (t) => {
  const resource = {
    'cloud.provider': 'aws',
    'cloud.platform': 'aws_elastic_beanstalk',
    'service.namespace': 'production',
    'service.instance.id': '232',
    'service.version': 'v1.1',
  }
  const document = documentOf({}, resource)
  t.strictSame(document.aws.elastic_beanstalk, {
    environment_name: 'production',
    version_label: 'v1.1',
    deployment_id: 232,
  })
  t.equal(document.origin, 'AWS::ElasticBeanstalk::Environment')
  t.equal(documentOf({}, { ...resource, 'service.instance.id': 'x' }).aws.elastic_beanstalk.deployment_id, 0)
})

test('EKS and other Kubernetes', async (t) => {
  const resource = {
    'cloud.provider': 'aws',
    'cloud.platform': 'aws_eks',
    'k8s.cluster.name': 'c',
    'k8s.pod.name': 'p',
    'container.id': 'i',
  }
  t.strictSame(documentOf({}, resource).aws.eks, { cluster_name: 'c', pod: 'p', container_id: 'i' })
  t.equal(documentOf({}, resource).origin, 'AWS::EKS::Container')
  t.strictSame(documentOf({}, { 'k8s.cluster.name': 'c' }).aws.eks, { cluster_name: 'c' })
})

test('another cloud has neither block nor origin, and what is said of a call stays metadata', async (t) => {
  const document = documentOf(
    { kind: 'client', attributes: { 'aws.operation': 'GetItem', 'rpc.method': 'x' } },
    { 'cloud.provider': 'gcp', 'cloud.platform': 'gcp_compute_engine', 'host.id': 'h' },
  )
  t.notOk('aws' in document)
  t.notOk('origin' in document)
  t.strictSame(document.metadata.default, { 'aws.operation': 'GetItem', 'rpc.method': 'x' })
  t.equal(
    documentOf({}, { 'cloud.provider': 'aws', 'cloud.platform': 'aws_app_runner' }).origin,
    'AWS::AppRunner::Service',
  )
})

test('what is called: operation, account, region, request, queue, tables, under all their names', async (t) => {
  const called = (attributes: Record<string, string | readonly string[] | number>): object => {
    const { xray: _xray, ...call } = documentOf({ kind: 'client', attributes }, { 'cloud.account.id': '1' }).aws
    return call
  }
  t.strictSame(called({}), { account_id: '1' })
  t.strictSame(
    called({ 'aws.account_id': '2', 'aws.region': 'us-east-2', 'aws.operation': 'SendMessage', 'rpc.method': 'no' }),
    {
      operation: 'SendMessage',
      account_id: '2',
      region: 'us-east-2',
    },
  )
  t.match(called({ 'rpc.method': 'ListBuckets' }), { operation: 'ListBuckets' })
  for (const key of ['aws.request_id', 'aws.requestId']) t.match(called({ [key]: 'r' }), { request_id: 'r' })
  for (const key of ['aws.queue_url', 'aws.queue.url', 'aws.sqs.queue.url', 'messaging.url'])
    t.match(called({ [key]: 'https://sqs.x/q' }), { queue_url: 'https://sqs.x/q' })
  for (const key of ['aws.table_name', 'aws.table.name']) t.match(called({ [key]: 'table' }), { table_name: 'table' })
  t.match(called({ 'aws.dynamodb.table_names': ['one'] }), { table_name: 'one' })
  t.match(called({ 'aws.dynamodb.table_names': 'one' }), { table_name: 'one' })
  t.match(called({ 'aws.dynamodb.table_names': ['one', 'two'], 'aws.table_name': 'x' }), {
    table_names: ['one', 'two'],
  })
  t.match(called({ 'aws.xray.retries': 3 }), { retries: 3 })
})

test('log groups of the resource, its ARNs first, else of the config', async (t) => {
  const groups = (
    resource: Record<string, string | readonly string[] | number>,
    logGroups: string[] = [],
  ): object | undefined => documentOf({}, resource, { logGroups }).aws.cloudwatch_logs
  const arn = (name: string): string => `arn:aws:logs:us-east-1:123456789123:log-group:${name}`
  t.strictSame(groups({ 'aws.log.group.names': ['a', 'b'] }, ['c']), [{ log_group: 'a' }, { log_group: 'b' }])
  t.strictSame(groups({ 'aws.log.group.names': 'a&b&' }), [{ log_group: 'a' }, { log_group: 'b' }])
  t.strictSame(groups({ 'aws.log.group.arns': [`${arn('g')}:*`], 'aws.log.group.names': ['x'] }), [
    { log_group: 'g', arn: `${arn('g')}:*` },
  ])
  t.strictSame(groups({ 'aws.log.group.arns': `${arn('g')}&${arn('h')}` }), [
    { log_group: 'g', arn: arn('g') },
    { log_group: 'h', arn: arn('h') },
  ])
  t.strictSame(groups({ 'aws.log.group.arns': 'no arn' }), [{ log_group: 'no arn', arn: 'no arn' }])
  t.strictSame(groups({ 'aws.log.group.names': 7 }, ['c']), [{ log_group: 'c' }])
  t.strictSame(groups({}, ['c', 'd']), [{ log_group: 'c' }, { log_group: 'd' }])
  t.equal(groups({}), undefined)
})

test('who tells: the SDK, its version, and whether by itself', async (t) => {
  const sdk = (resource: Record<string, string>): object => documentOf({}, resource).aws.xray
  t.strictSame(
    sdk({ 'telemetry.sdk.name': 'opentelemetry', 'telemetry.sdk.language': 'java', 'telemetry.sdk.version': '1.2.3' }),
    { sdk: 'opentelemetry for java', sdk_version: '1.2.3', auto_instrumentation: false },
  )
  for (const key of ['telemetry.auto.version', 'telemetry.distro.version'])
    t.strictSame(sdk({ 'telemetry.sdk.name': 'x', [key]: '3.4.5' }), { sdk: 'x', auto_instrumentation: true })
  t.strictSame(sdk({ 'telemetry.sdk.name': 'X-Ray for Go', 'telemetry.sdk.language': 'go' }), {
    sdk: 'X-Ray for Go',
    auto_instrumentation: false,
  })
})

test('the version of the service, or of its image', async (t) => {
  t.strictSame(documentOf({}, { 'service.version': '1' }).service, { version: '1' })
  t.strictSame(documentOf({}, { 'container.image.tags': ['v2', 'v1'] }).service, { version: 'v2' })
  t.strictSame(documentOf({}, { 'container.image.tag': 'v3' }).service, { version: 'v3' })
  t.notOk('service' in documentOf({}, { 'service.version': 1 }))
})
