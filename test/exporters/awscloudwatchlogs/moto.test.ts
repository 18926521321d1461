// The seed's log groups on a server that answers as AWS does, read back with the AWS SDK.
import {
  CloudWatchLogsClient,
  DescribeLogGroupsCommand,
  DescribeLogStreamsCommand,
  GetLogEventsCommand,
  ListTagsLogGroupCommand,
} from '@aws-sdk/client-cloudwatch-logs'
import { test } from 'tap'
import { AwsClient } from '../../../src/aws/index.ts'
import { LOGS_API } from '../../../src/aws/logs/index.ts'
import { testSettings } from '../../../src/testing/index.ts'
import { withTestKeys } from '../../emulator/server.ts'
import { findMoto, startMoto } from '../../servers/moto.ts'
import { logs, nanos, startOn } from './rig.ts'

const found = await findMoto()
const SERVICES = Array.from({ length: 16 }, (_, i) => `service-${i}`)

test('a log group per service, a stream per day, read back with the SDK', {
  skip: typeof found === 'string' && found,
}, async (t) => {
  if (typeof found === 'string') return
  withTestKeys(t)
  const moto = await startMoto(found)
  t.teardown(() => moto.stop())
  const sdk = new CloudWatchLogsClient(moto.client)
  t.teardown(() => sdk.destroy())
  const settings = testSettings()
  settings.clock.jump(Date.now() - settings.clock.now())
  const { consume, drops, stop } = await startOn(
    (config) => new AwsClient(LOGS_API, config, settings),
    {
      ...moto.config,
      log_group_name: '/ecs/{ServiceName}',
      log_stream_name: '{deployment.environment.name}-{date}',
      log_retention: 30,
      tags: { team: 'größer' },
    },
    settings,
  )
  const now = settings.clock.now()
  const day = new Date(now).toISOString().slice(0, 10)
  const attribute = (key: string, value: string) => ({ key, value: { stringValue: value } })
  await consume(
    logs(
      ...SERVICES.map((service) => ({
        resource: {
          attributes: [attribute('service.name', service), attribute('deployment.environment.name', 'production')],
        },
        scopeLogs: [
          {
            logRecords: ['second ☃ "quoted"', 'first'].map((body, i) => ({
              timeUnixNano: nanos(now - i * 10),
              severityText: 'INFO',
              body: { stringValue: body },
              attributes: [attribute('service', service)],
            })),
          },
        ],
      })),
    ),
  )
  await stop()
  t.equal(settings.ledger('logs').outItems, 2 * SERVICES.length)
  t.same(drops(), {})

  const { logGroups = [] } = await sdk.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: '/ecs/' }))
  t.same(
    logGroups.map(({ logGroupName, retentionInDays }) => [logGroupName, retentionInDays]).toSorted(),
    SERVICES.map((service) => [`/ecs/${service}`, 30]).toSorted(),
  )
  const [group] = logGroups
  const { tags } = await sdk.send(new ListTagsLogGroupCommand({ logGroupName: group?.logGroupName }))
  t.same(tags, { team: 'größer' })
  for (const service of SERVICES) {
    const logGroupName = `/ecs/${service}`
    const { logStreams = [] } = await sdk.send(new DescribeLogStreamsCommand({ logGroupName }))
    t.same(
      logStreams.map(({ logStreamName }) => logStreamName),
      [`production-${day}`],
    )
    const stream = { logGroupName, logStreamName: `production-${day}`, startFromHead: true }
    const { events = [] } = await sdk.send(new GetLogEventsCommand(stream))
    t.same(
      events.map(({ timestamp, message }) => [timestamp, JSON.parse(message ?? '')]),
      ['first', 'second ☃ "quoted"'].map((body, i) => [
        now - 10 + i * 10,
        {
          body,
          severity_text: 'INFO',
          attributes: { service },
          resource: { 'service.name': service, 'deployment.environment.name': 'production' },
        },
      ]),
    )
  }
})
