// Log records on a real Elasticsearch: one index, and one a day.
import { test } from 'tap'
import { startElasticsearch } from '../servers/elasticsearch.ts'
import { eventually } from '../servers/process.ts'
import { logsOf, nanos, postOtlp, startConfig } from './kit.ts'

const search = await startElasticsearch()
const skip = typeof search === 'string' && search

test('records stand in the index of the application and in that of their day', {
  skip,
  timeout: 110_000,
}, async (t) => {
  if (typeof search === 'string') return
  t.teardown(() => search.stop())
  const ca = `${t.testdir({ 'ca.pem': search.ca })}/ca.pem`
  const agent = await startConfig(t, 'elasticsearch-logs', {
    ELASTICSEARCH_ENDPOINT: search.url,
    ELASTICSEARCH_USERNAME: search.user,
    ELASTICSEARCH_PASSWORD: search.password,
    ELASTICSEARCH_CA_FILE: ca,
  })
  const at = Date.UTC(2026, 2, 4, 23, 59)
  const record = { timeUnixNano: nanos(at), severityText: 'info', body: { stringValue: 'Textbook created' } }
  await postOtlp(agent, 'logs', logsOf('textbook-service', [record]))
  // What waits for a batch goes with the end.
  const { code, stderr } = await agent.end()
  t.equal(code, 0, stderr)
  for (const index of ['ai-textbook-logs', 'ai-textbook-2026.03.04']) {
    const [hit] = await eventually(index, async () => {
      const hits = await search.search(index).catch(() => [])
      return hits.length === 1 ? hits : undefined
    })
    t.match(hit!._source, { '@timestamp': /^2026-03-04T23:59/, message: 'Textbook created' })
  }
})
