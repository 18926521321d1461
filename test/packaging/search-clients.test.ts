// The official clients of search servers export in ways that a bundler may miss: what is built must be able to use them.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { BulkEmulator } from '../emulator/bulk.ts'
import { freePort } from '../kit/free-ports.ts'
import { until } from '../kit/until.ts'
import { eventually } from '../servers/process.ts'

const skip = existsSync('dist/main.js') ? false : 'nothing is built: npm run build'

test('what is built writes to OpenSearch and to Elasticsearch', { skip }, async (t) => {
  const [openSearch, elasticsearch] = [
    await BulkEmulator.start(t, 'opensearch'),
    await BulkEmulator.start(t, 'elasticsearch'),
  ]
  const port = await freePort()
  const config = {
    receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
    exporters: {
      opensearch: { http: { endpoint: openSearch.url } },
      elasticsearch: { endpoint: elasticsearch.url, sending_queue: { batch: { min_size: 0 } } },
    },
    service: {
      telemetry: { metrics: { level: 'none' } },
      pipelines: { logs: { receivers: ['otlp'], exporters: ['opensearch', 'elasticsearch'] } },
    },
  }
  const file = join(t.testdir({}), 'config.yaml')
  writeFileSync(file, JSON.stringify(config))
  const agent = spawn(process.execPath, ['dist/main.js', 'run', '--config', file], { stdio: 'ignore' })
  t.teardown(async () => {
    if (agent.exitCode !== null) return
    agent.kill('SIGTERM')
    await once(agent, 'exit')
  })
  const body = JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: 'hi' } }] }] }] })
  const status = await eventually('the agent listens', async () => {
    const headers = { 'content-type': 'application/json' }
    return (await fetch(`http://127.0.0.1:${port}/v1/logs`, { method: 'POST', headers, body })).status
  })
  t.equal(status, 200)
  await until(() => openSearch.documents.length + elasticsearch.documents.length === 2)
  t.equal(openSearch.documents[0]!.source.body, 'hi')
  t.equal(elasticsearch.documents[0]!.source.body.text, 'hi')
})
