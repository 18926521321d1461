import { gzipSync } from 'node:zlib'
import type { Test } from 'tap'
import * as v from 'valibot'
import { type Batch, textOfValue } from '../../../src/data/index.ts'
import awslogs from '../../../src/receivers/awslogs/index.ts'
import { Sink, testHost, testSettings } from '../../../src/testing/index.ts'
import { countingMeter, send } from '../../kit/receiver.ts'

export const document = (over: object = {}): object => ({
  messageType: 'DATA_MESSAGE',
  owner: '123456789012',
  logGroup: '/ecs/order-service',
  logStream: 'production-2024-01-15',
  subscriptionFilters: ['to-search'],
  logEvents: [event('1', '{"level":"info","message":"created","orderId":9007199254740993}'), event('2', 'plain')],
  ...over,
})
export const event = (id: string, message: string, timestamp = 1705312800123): object => ({ id, timestamp, message })
export const packed = (...documents: object[]): Buffer =>
  gzipSync(documents.map((one) => JSON.stringify(one)).join('\n'))
export const base64 = (bytes: Buffer | string): string => Buffer.from(bytes).toString('base64')

export async function start(t: Test, config: object = {}) {
  const { meter, counts } = countingMeter('reason')
  const settings = testSettings({ meter, id: 'awslogs' })
  const sink = new Sink<'logs'>()
  const receiver = awslogs.create(v.parse(awslogs.config, { endpoint: '127.0.0.1:0', ...config }), settings, {
    logs: sink.consume,
  })
  const host = testHost()
  await receiver.start!(host)
  t.teardown(() => receiver.stop!(AbortSignal.abort()))
  const post = async (body: Buffer | string, headers: NodeJS.Dict<string> = {}) => {
    const answer = await send(receiver.endpoints![0]!, body, { headers })
    return { ...answer, json: JSON.parse(answer.body.toString() || 'null') }
  }
  const firehose = (records: readonly string[], headers: NodeJS.Dict<string> = {}) =>
    post(JSON.stringify({ requestId: 'r-1', timestamp: 1, records: records.map((data) => ({ data })) }), {
      'content-type': 'application/json',
      'x-amz-firehose-request-id': 'r-1',
      ...headers,
    })
  return { receiver, settings, sink, host, refused: counts, post, firehose }
}

/** Records as plain objects: resource and record. */
export function recordsIn(batches: readonly Batch<'logs'>[]) {
  const found: { resource: object; time: string; id: unknown; body: unknown }[] = []
  for (const batch of batches) {
    batch.visit({
      onLog(record, _scope, resource) {
        found.push({
          resource: Object.fromEntries(resource.attributes.toMap()),
          time: record.time.toDate().toISOString(),
          id: record.attributes.get('log.record.uid'),
          body: record.body instanceof Map ? Object.fromEntries(record.body) : textOfValue(record.body),
        })
      },
    })
  }
  return found
}
