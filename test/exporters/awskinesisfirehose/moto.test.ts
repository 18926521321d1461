import { CreateDeliveryStreamCommand, FirehoseClient } from '@aws-sdk/client-firehose'
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { test } from 'tap'
import * as v from 'valibot'
import firehose from '../../../src/exporters/awskinesisfirehose/index.ts'
import { testContext, testHost, testSettings } from '../../../src/testing/index.ts'
import { withTestKeys } from '../../emulator/server.ts'
import { items } from '../../kit/otlp.ts'
import { findMoto, startMoto } from '../../servers/moto.ts'

const found = await findMoto()

test('what is put into a stream arrives in its bucket', { skip: typeof found === 'string' && found }, async (t) => {
  if (typeof found === 'string') return
  withTestKeys(t)
  const moto = await startMoto(found)
  t.teardown(() => moto.stop())
  const s3 = new S3Client({ ...moto.client, forcePathStyle: true })
  const sdk = new FirehoseClient(moto.client)
  t.teardown(() => {
    s3.destroy()
    sdk.destroy()
  })
  const Bucket = 'shop-archive'
  await s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' } }))
  await sdk.send(
    new CreateDeliveryStreamCommand({
      DeliveryStreamName: 'shop-logs',
      S3DestinationConfiguration: { RoleARN: 'arn:aws:iam::123456789012:role/x', BucketARN: `arn:aws:s3:::${Bucket}` },
    }),
  )
  const config = v.parse(firehose.config, {
    ...moto.config,
    delivery_stream: 'shop-logs',
    pack_records: false,
    sending_queue: { enabled: false },
    retry_on_failure: { enabled: false },
  })
  const exporter = firehose.create(config, testSettings())
  await exporter.start!(testHost())
  await exporter.consumers.logs!(items.logs(700), testContext())
  await exporter.stop!(new AbortController().signal)
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }))
  let text = ''
  for (const { Key } of Contents) {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: Key! }))
    text += await Body!.transformToString()
  }
  const bodies = text
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { body: string }).body)
  t.same(bodies.toSorted(), Array.from({ length: 700 }, (_, i) => `log-${i}`).toSorted())
})
