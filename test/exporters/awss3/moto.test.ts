import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { test } from 'tap'
import * as v from 'valibot'
import awss3 from '../../../src/exporters/awss3/index.ts'
import { testContext, testHost, testSettings } from '../../../src/testing/index.ts'
import { withTestKeys } from '../../emulator/server.ts'
import { items } from '../../kit/otlp.ts'
import { findMoto, startMoto } from '../../servers/moto.ts'

const found = await findMoto()

test('what is put into S3, the SDK reads back', { skip: typeof found === 'string' && found }, async (t) => {
  if (typeof found === 'string') return
  withTestKeys(t)
  const moto = await startMoto(found)
  t.teardown(() => moto.stop())
  const sdk = new S3Client({ ...moto.client, forcePathStyle: true })
  t.teardown(() => sdk.destroy())
  const Bucket = 'shop-log-archive'
  await sdk.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' } }))
  const config = v.parse(awss3.config, {
    s3uploader: {
      ...moto.config,
      s3_bucket: Bucket,
      s3_prefix: 'grün & blau',
      storage_class: 'GLACIER_IR',
      compression: 'gzip',
      s3_partition_timezone: 'UTC',
    },
    marshaler: 'json_lines',
    retry_on_failure: { enabled: false },
  })
  const exporter = awss3.create(config, testSettings())
  await exporter.start!(testHost())
  await exporter.consumers.logs!(items.logs(1000), testContext())
  await exporter.stop!(new AbortController().signal)
  const { Contents = [] } = await sdk.send(new ListObjectsV2Command({ Bucket }))
  t.match(Contents, [
    {
      Key: /^grün & blau\/year=2026\/month=01\/day=01\/hour=00\/minute=00\/logs_\d+\.jsonl\.gz$/,
      StorageClass: 'GLACIER_IR',
    },
  ])
  const { Body, ContentEncoding } = await sdk.send(new GetObjectCommand({ Bucket, Key: Contents[0]!.Key! }))
  t.equal(ContentEncoding, 'gzip')
  const { gunzipSync } = await import('node:zlib')
  const lines = gunzipSync(await Body!.transformToByteArray())
    .toString()
    .trimEnd()
    .split('\n')
  t.equal(lines.length, 1000)
  t.match(JSON.parse(lines[999]!), { body: 'log-999', resource: { 'service.name': 'shop' } })
})
