// A trace on a server that answers as AWS does, read back with the AWS SDK.
import { BatchGetTracesCommand, XRayClient } from '@aws-sdk/client-xray'
import { test } from 'tap'
import { AwsClient } from '../../../src/aws/index.ts'
import { XRAY_API } from '../../../src/exporters/awsxray/exporter.ts'
import { testSettings } from '../../../src/testing/index.ts'
import { type Document, spansOf, TRACE_ID } from '../../aws/xray/segments.ts'
import { withTestKeys } from '../../emulator/server.ts'
import { findMoto, startMoto } from '../../servers/moto.ts'
import { spanId, startOn } from './rig.ts'

const found = await findMoto()

test('a trace of three services, read back with the SDK', { skip: typeof found === 'string' && found }, async (t) => {
  if (typeof found === 'string') return
  withTestKeys(t)
  const moto = await startMoto(found)
  t.teardown(() => moto.stop())
  const sdk = new XRayClient(moto.client)
  t.teardown(() => sdk.destroy())
  const settings = testSettings()
  settings.clock.jump(Date.now() - settings.clock.now())
  const { consume, drops, stop } = await startOn(
    (config) => new AwsClient(XRAY_API, config, settings),
    { ...moto.config, indexed_attributes: ['order.id'], telemetry: { enabled: true } },
    settings,
  )
  const nowMs = settings.clock.now()
  const times = { start: BigInt(nowMs) * 1_000_000n, end: BigInt(nowMs + 250) * 1_000_000n }
  await consume(
    spansOf(
      [
        {
          ...times,
          spanId: spanId(0),
          parentId: '',
          attributes: {
            'http.request.method': 'POST',
            'url.path': '/orders',
            'http.response.status_code': 500,
            'order.id': 'o-1',
          },
          events: [
            {
              name: 'exception',
              attributes: {
                'exception.type': 'PaymentError',
                'exception.message': 'no "funds" ☃',
                'exception.stacktrace': 'E\n    at pay (/app/pay.js:3:1)',
              },
            },
          ],
        },
        {
          ...times,
          kind: 'client',
          spanId: spanId(1),
          parentId: spanId(0),
          attributes: {
            'rpc.system': 'aws-api',
            'rpc.service': 'DynamoDB',
            'rpc.method': 'PutItem',
            'aws.region': 'eu-west-1',
          },
        },
        ...Array.from({ length: 70 }, (_, i) => ({
          ...times,
          kind: 'internal' as const,
          spanId: spanId(i + 2),
          parentId: spanId(0),
        })),
      ],
      { 'service.name': 'order-service', 'telemetry.sdk.language': 'nodejs' },
    ),
  )
  await settings.clock.advance(60_000)
  await stop()
  t.equal(settings.ledger('traces').outItems, 72)
  t.strictSame(drops(), {})

  const id = `1-${TRACE_ID.slice(0, 8)}-${TRACE_ID.slice(8)}`
  const { Traces = [] } = await sdk.send(new BatchGetTracesCommand({ TraceIds: [id] }))
  const documents = new Map<string, Document>(
    Traces[0]?.Segments?.map(({ Id = '', Document = '' }) => [Id, JSON.parse(Document)]),
  )
  t.equal(documents.size, 72)
  t.match(documents.get(spanId(0)), {
    name: 'order-service',
    fault: true,
    http: { request: { method: 'POST' }, response: { status: 500 } },
    annotations: { 'order.id': 'o-1' },
    cause: {
      exceptions: [
        { type: 'PaymentError', message: 'no "funds" ☃', stack: [{ path: '/app/pay.js', line: 3, label: 'pay' }] },
      ],
    },
    metadata: { default: { 'url.path': '/orders', 'otel.resource.service.name': 'order-service' } },
  })
  t.match(documents.get(spanId(1)), {
    name: 'DynamoDB',
    namespace: 'aws',
    type: 'subsegment',
    parent_id: spanId(0),
    aws: { operation: 'PutItem', region: 'eu-west-1' },
  })
})
