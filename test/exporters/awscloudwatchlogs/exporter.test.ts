import { test } from 'tap'
import * as v from 'valibot'
import { AwsError } from '../../../src/aws/index.ts'
import { MAX_AGE_MS, MAX_MESSAGE_BYTES } from '../../../src/aws/logs/limits.ts'
import { config } from '../../../src/exporters/awscloudwatchlogs/config.ts'
import { settle, testSettings } from '../../../src/testing/index.ts'
import { refuse } from '../../aws/logs/kit.ts'
import { logs, nanos, start } from './rig.ts'

const text = (key: string, value: string) => ({ key, value: { stringValue: value } })
const resource = (...attributes: readonly object[]) => ({ attributes })
const line = (body: string, ms: number, attributes: readonly object[] = []) => ({
  timeUnixNano: nanos(ms),
  body: { stringValue: body },
  attributes,
})
const records = (...logRecords: readonly object[]) => ({ scopeLogs: [{ logRecords }] })

test("one log group per service, one stream per environment and the event's day", async (t) => {
  const { consume, client, settings, stop } = await start({
    log_group_name: '/ecs/{ServiceName}',
    log_stream_name: '{deployment.environment.name}-{date}',
    raw_log: true,
  })
  const now = settings.clock.now()
  await consume(
    logs(
      {
        resource: resource(text('service.name', 'order-service'), text('deployment.environment.name', 'production')),
        ...records(line('today', now), line('yesterday', now - 1)),
      },
      {
        resource: resource(text('service.name', 'payment-service')),
        ...records(line('of the record', now, [text('deployment.environment.name', 'staging')])),
      },
    ),
  )
  await stop()
  t.same(
    client.events.map(({ group, stream, message }) => [group, stream, message]),
    [
      ['/ecs/order-service', 'production-2026-01-01', 'today'],
      ['/ecs/order-service', 'production-2025-12-31', 'yesterday'],
      ['/ecs/payment-service', 'staging-2026-01-01', 'of the record'],
    ],
  )
  t.equal(settings.ledger('logs').held, 0)
})

test('a record has the time at which it happened, else that at which it was seen, else now', async (t) => {
  const { consume, client, settings, stop } = await start()
  const now = settings.clock.now()
  await consume(
    logs(
      records(
        { timeUnixNano: `${now - 3000}999999`, observedTimeUnixNano: nanos(now) },
        { observedTimeUnixNano: nanos(now - 2000) },
        {},
      ),
    ),
  )
  await stop()
  t.same(
    client.events.map(({ timestamp }) => timestamp),
    [now - 3000, now - 2000, now],
  )
})

test('metric lines go to the group and the stream that they name, with raw_log', async (t) => {
  const { consume, client, settings, stop } = await start({ raw_log: true })
  const now = settings.clock.now()
  const metrics = { CloudWatchMetrics: [] }
  const lines = [
    { _aws: { ...metrics, LogGroupName: 'Foo' } },
    { _aws: { ...metrics, LogGroupName: 'Foo', LogStreamName: 'Bar' } },
    { ...metrics, log_group_name: 'Old' },
    { ...metrics, log_group_name: 'Old', log_stream_name: 'Bar' },
    { _aws: { ...metrics, LogStreamName: 'no group, no stream' } },
    { _aws: { ...metrics, LogGroupName: 5 } },
    { message: 'mentions "_aws"' },
    [{ _aws: { LogGroupName: 'Foo' } }],
  ]
  await consume(logs(records(...lines.map((each) => line(JSON.stringify(each), now)), line('{"_aws": broken', now))))
  await stop()
  t.same(
    client.events.map(({ group, stream, message }) => [group, stream, message]).toSorted(),
    [
      ['Foo', 'stream', JSON.stringify(lines[0])],
      ['Foo', 'Bar', JSON.stringify(lines[1])],
      ['Old', 'stream', JSON.stringify(lines[2])],
      ['Old', 'Bar', JSON.stringify(lines[3])],
      ...lines.slice(4).map((each) => ['/ecs/shop', 'stream', JSON.stringify(each)]),
      ['/ecs/shop', 'stream', '{"_aws": broken'],
    ].toSorted(),
  )
})

test('emf_only sends metric lines and drops the others with a reason', async (t) => {
  const { consume, client, settings, drops, stop } = await start({ raw_log: true, emf_only: true })
  const now = settings.clock.now()
  const metric = JSON.stringify({ _aws: { CloudWatchMetrics: [{}] }, Latency: 5 })
  const old = JSON.stringify({ CloudWatchMetrics: [{}], Latency: 5 })
  await consume(logs(records(line(metric, now), line('{"_aws":{}}', now), line('text', now), line(old, now))))
  await stop()
  t.same(
    client.events.map(({ message }) => message),
    [metric, old],
  )
  t.same(drops(), { not_emf: 2 })
})

test('an empty body is no log event', async (t) => {
  const { consume, client, settings, drops, stop } = await start({ raw_log: true })
  await consume(logs(records(line('', settings.clock.now()), line('x', settings.clock.now()), {})))
  await stop()
  t.equal(client.events.length, 1)
  t.same(drops(), { empty_body: 2 })
})

test('events that are too old, too new or too long are told of one by one while the others go', async (t) => {
  const { consume, client, settings, drops, stop } = await start({ raw_log: true })
  const now = settings.clock.now()
  const long = '💜'.repeat(MAX_MESSAGE_BYTES / 4 + 1)
  await consume(
    logs(
      records(
        line('old', now - MAX_AGE_MS - 1),
        line('now', now),
        line('tomorrow', now + 86_400_000),
        line(long, now),
        line('now, too', now),
      ),
    ),
  )
  await stop()
  t.same(
    client.events.map(({ message }) => (message.length > 100 ? 'long' : message)),
    ['now', 'long', 'now, too'],
  )
  t.same(drops(), { too_old: 1, too_new: 1 })
  t.equal(settings.ledger('logs').outItems, 3)
  t.match(settings.lines, [{ level: 'warn', message: /longer than AWS takes/, fields: { items: 1 } }])
})

test('names that AWS does not take are cleaned, and what they lack is undefined: both are told', async (t) => {
  const { consume, client, settings, stop } = await start({ log_group_name: '/ecs/{ServiceName}/{tenant}' })
  await consume(
    logs({ resource: resource(text('service.name', 'größe *')), ...records(line('x', settings.clock.now())) }),
  )
  await stop()
  t.equal(client.events[0]?.group, '/ecs/gr__e__/undefined')
  t.match(settings.lines, [
    { level: 'warn', message: /^records or points lack/, fields: { error: /\{tenant\}/ } },
    { level: 'warn', message: /^names of log groups/, fields: { error: /größe/ } },
  ])
})

test('a record that cannot be encoded leaves nothing behind for the next batch', async (t) => {
  const settings = testSettings()
  const { consume, client, stop } = await start({}, settings)
  const now = settings.clock.now
  let asked = 0
  settings.clock.now = () => {
    if (asked++ === 1) throw new Error('clock is broken')
    return now.call(settings.clock)
  }
  await t.rejects(consume(logs(records({ severityText: 'a' }, { severityText: 'b' }))), /clock is broken/)
  await consume(logs(records({ severityText: 'c' })))
  await stop()
  t.same(
    client.events.map(({ message }) => message),
    ['{"severity_text":"c"}'],
  )
})

test('throttled groups are tried again alone until they are taken, and nothing is sent twice', async (t) => {
  const { consume, client, settings, stop } = await start({
    log_group_name: '/ecs/{ServiceName}',
    raw_log: true,
    retry_on_failure: { enabled: true, initial_interval: '1s', randomization_factor: 0 },
  })
  let isThrottled = true
  client.answer = (_, { logGroupName }) =>
    isThrottled && logGroupName === '/ecs/b' ? refuse('throttled', 'ThrottlingException') : {}
  const now = settings.clock.now()
  const of = (name: string) => ({ resource: resource(text('service.name', name)), ...records(line(name, now)) })
  const taken = consume(logs(of('a'), of('b'), of('c')))
  await settle()
  t.same(
    client.events.map(({ message }) => message),
    ['a', 'b', 'c'],
  )
  t.equal(settings.ledger('logs').held, 1, 'what is taken is booked at once')
  isThrottled = false
  await settings.clock.advance(1000)
  await taken
  t.same(
    client.events.slice(3).map(({ message }) => message),
    ['b'],
  )
  t.equal(settings.ledger('logs').outItems, 3)
  t.equal(settings.ledger('logs').held, 0)
  await stop()
})

test('a queue holds what a destination that is down does not take, and loses it counted in the end', async (t) => {
  const { consume, client, settings, drops, stop } = await start({
    sending_queue: { queue_size: 2 },
    retry_on_failure: { initial_interval: '1s', max_interval: '1s', max_elapsed_time: '10s' },
  })
  client.answer = () => {
    throw new AwsError('transient', 'ConnectionError', 'connect ECONNREFUSED')
  }
  const ledger = settings.ledger('logs')
  const batch = () => logs(records(line('x', settings.clock.now())))
  await consume(batch())
  await consume(batch())
  await t.rejects(consume(batch()), /queue is full/)
  ledger.refused(1)
  t.equal(ledger.held, 2)
  await settings.clock.advance(30_000)
  t.same(drops(), { max_elapsed_time: 2 })
  t.equal(ledger.held, 0)
  await stop()
})

test('a group that is not there is made as the config says', async (t) => {
  const { consume, client, settings, stop } = await start({
    log_retention: 30,
    tags: { team: 'shop' },
    kms_key_id: 'arn:aws:kms:eu-west-1:1:key/x',
    log_group_class: 'INFREQUENT_ACCESS',
  })
  let isThere = false
  client.answer = (operation) => {
    if (operation === 'CreateLogGroup') isThere = true
    return isThere ? {} : refuse('missing', 'ResourceNotFoundException')
  }
  await consume(logs(records(line('x', settings.clock.now()))))
  await stop()
  t.match(
    client.calls.filter(({ operation }) => operation === 'CreateLogGroup' || operation === 'PutRetentionPolicy'),
    [
      {
        body: {
          logGroupName: '/ecs/shop',
          tags: { team: 'shop' },
          kmsKeyId: 'arn:aws:kms:eu-west-1:1:key/x',
          logGroupClass: 'INFREQUENT_ACCESS',
        },
      },
      { body: { logGroupName: '/ecs/shop', retentionInDays: 30 } },
    ],
  )
})

test('the client is started with the exporter and closed with it', async (t) => {
  const { client, stop } = await start()
  t.equal(client.isStarted, true)
  await stop()
  t.equal(client.isClosed, true)
})

test('a config that cannot work is refused with what is wrong', async (t) => {
  const problem = (of: object): string | undefined => v.safeParse(config, of).issues?.[0].message
  t.equal(problem({ log_group_name: 'a', log_stream_name: 'b' }), undefined)
  t.match(problem({ log_group_name: '', log_stream_name: 'b' }), /must not be empty/)
  t.match(problem({ log_group_name: 'a b', log_stream_name: 'b' }), /has " "/)
  t.match(problem({ log_group_name: 'a', log_stream_name: 'b', emf_only: true }), /needs raw_log: true/)
  t.match(problem({ log_group_name: 'a', log_stream_name: 'b', log_retention: 2 }), /must be one of/)
})
