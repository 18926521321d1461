// Subscriptions of CloudWatch Logs by way of Firehose, on a real OpenSearch: what the seed's lambda did, and what it got wrong.
import { test } from 'tap'
import { base64, document, event, packed } from '../receivers/awslogs/kit.ts'
import { startOpenSearch } from '../servers/opensearch.ts'
import { eventually } from '../servers/process.ts'
import { endpointOf, startConfig } from './kit.ts'

const search = await startOpenSearch()
const skip = typeof search === 'string' && search

test('events become documents in the index of their group and day, each once', {
  skip,
  timeout: 110_000,
}, async (t) => {
  if (typeof search === 'string') return
  t.teardown(() => search.stop())
  const agent = await startConfig(t, 'cloudwatch-logs-to-opensearch', {
    OPENSEARCH_ENDPOINT: search.url,
    FIREHOSE_ACCESS_KEY: 'key',
  })
  const url = endpointOf(agent, 'receiver awslogs', 'http')
  const post = async (...documents: object[]): Promise<number> => {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-amz-firehose-request-id': 'r',
        'x-amz-firehose-access-key': 'key',
      },
      body: JSON.stringify({ requestId: 'r', records: documents.map((one) => ({ data: base64(packed(one)) })) }),
    })
    return response.status
  }
  const day = Date.UTC(2024, 0, 15, 23, 59, 59, 999)
  const logEvents = [
    event('e1', '{"level":"info","orderId":9007199254740993,"error":{"name":"E"}}', day),
    event('e2', 'plain text', day + 1),
    event('e3', '[1, 2]', day),
    event('e4', '{"@timestamp":"yesterday","x":1}', day),
  ]
  const control = document({ messageType: 'CONTROL_MESSAGE', logEvents: [event('c', 'CWL CONTROL MESSAGE')] })
  t.equal(await post(document({ logEvents }), control), 200)
  t.equal(await post(document({ logEvents })), 200, 'Firehose tries again')

  const hits = await eventually('the documents', async () => {
    const hits = await search.search('logs--ecs-order-service-2024-01-15').catch(() => [])
    return hits.length === 3 ? hits : undefined
  })
  const byId = new Map(hits.map(({ _id, _source }) => [_id, _source]))
  t.match(byId.get('e1'), {
    '@timestamp': /^2024-01-15T23:59:59\.999/,
    logGroup: '/ecs/order-service',
    logStream: 'production-2024-01-15',
    level: 'info',
    'error.name': 'E',
  })
  t.match(byId.get('e3'), { message: '[1, 2]', logGroup: '/ecs/order-service' })
  t.match(byId.get('e4'), { '@timestamp': /^2024-01-15/, x: 1 }, 'the time is that of the event')
  const next = await search.search('logs--ecs-order-service-2024-01-16')
  t.match(next, [{ _id: 'e2', _source: { message: 'plain text' } }])

  // A field that is an object there and a text here: kept aside, and the other goes.
  const bad = [event('b1', '{"error":"a text"}', day), event('b2', '{"level":"warn"}', day)]
  t.equal(await post(document({ logEvents: bad })), 200)
  const [letter] = await eventually('the dead letter', async () => {
    const hits = await search.search('dead-letters').catch(() => [])
    return hits.length === 1 ? hits : undefined
  })
  t.match(letter!._source, { error: { reason: /error/ } })
  await eventually('its neighbour', async () =>
    (await search.search('logs--ecs-order-service-2024-01-15')).some(({ _id }) => _id === 'b2') ? true : undefined,
  )
  const { code, stderr } = await agent.end()
  t.equal(code, 0, stderr)
})
