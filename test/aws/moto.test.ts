import { CloudWatchLogsClient, GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs'
import { test } from 'tap'
import * as v from 'valibot'
import { AwsClient, awsSettings } from '../../src/aws/index.ts'
import { section } from '../../src/config/schema.ts'
import { testSettings } from '../../src/testing/index.ts'
import { withTestKeys } from '../emulator/server.ts'
import { findMoto, startMoto } from '../servers/moto.ts'

const found = await findMoto()

test('what the client sends, the SDK reads back', { skip: typeof found === 'string' && found }, async (t) => {
  if (typeof found === 'string') return
  withTestKeys(t)
  const moto = await startMoto(found)
  t.teardown(() => moto.stop())
  const config = v.parse(section(awsSettings), moto.config)
  const client = new AwsClient(
    {
      signingName: 'logs',
      endpointPrefix: 'logs',
      endpointVariable: 'CLOUDWATCH_LOGS',
      protocol: { type: 'json', version: '1.1', targetPrefix: 'Logs_20140328' },
    },
    config,
    testSettings(),
  )
  await client.start()
  t.teardown(() => client.close())
  const call = (operation: string, input: object): Promise<unknown> => {
    const body = Buffer.from(JSON.stringify(input))
    return client.call({ operation, chunks: [body], sizeBytes: body.length }, new AbortController().signal)
  }
  const [logGroupName, logStreamName] = ['/shop/orders', 'one']
  const logEvents = [{ timestamp: Date.now(), message: 'grüße' }]
  await t.rejects(call('PutLogEvents', { logGroupName, logStreamName, logEvents }), {
    message: /ResourceNotFoundException/,
  })
  await call('CreateLogGroup', { logGroupName })
  await t.rejects(call('CreateLogGroup', { logGroupName }), { message: /400 ResourceAlreadyExistsException/ })
  await call('CreateLogStream', { logGroupName, logStreamName })
  await call('PutLogEvents', { logGroupName, logStreamName, logEvents })
  const sdk = new CloudWatchLogsClient(moto.client)
  const { events } = await sdk.send(new GetLogEventsCommand({ logGroupName, logStreamName }))
  sdk.destroy()
  t.match(events, logEvents)
})
