// The seed's order saga under AWS's SDK, through the whole agent to X-Ray, read back from its API.
import { BatchGetTracesCommand, XRayClient } from '@aws-sdk/client-xray'
import { test } from 'tap'
import { TEST_KEY } from '../../emulator/server.ts'
import { emulateSampling } from '../../emulator/xray-sampling.ts'
import { startSluice } from '../../kit/process.ts'
import { findMoto, startMoto } from '../../servers/moto.ts'
import { type Document, flat, runSaga } from './run-saga.ts'

const moto = await findMoto()

test('the order saga is in X-Ray as the SDK wrote it', { skip: typeof moto === 'string' && moto }, async (t) => {
  if (typeof moto === 'string') return
  const server = await startMoto(moto)
  t.teardown(() => server.stop())
  const sampling = await emulateSampling(t)
  const agent = await startSluice(
    t,
    `
receivers:
  awsxray:
    endpoint: 127.0.0.1:0
    proxy_server: {endpoint: '127.0.0.1:0', region: ${sampling.region}, aws_endpoint: '${sampling.url}'}
exporters:
  awsxray: {region: ${server.config.region}, endpoint: '${server.url}'}
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    traces: {receivers: [awsxray], exporters: [awsxray]}
`,
    { env: { AWS_ACCESS_KEY_ID: TEST_KEY.accessKeyId, AWS_SECRET_ACCESS_KEY: TEST_KEY.secretAccessKey } },
  )
  const [udp = '', tcpUrl = ''] = agent.endpoints('receiver awsxray')
  const sent = await runSaga(t, { udpPort: Number(udp.split(':').at(-1)), tcpUrl })
  t.equal((await agent.end()).code, 0, 'stopping sends what is left')
  const found = await read(
    server.client,
    sent.map((document) => document.trace_id!),
  )
  const byId = (documents: readonly Document[]): object => Object.fromEntries(documents.map((one) => [one.id, one]))
  t.ok(sent.flatMap((one) => flat(one)).length > 12)
  t.strictSame(byId(found), byId(sent.map(withoutNulls)))
})

/** At most 5 traces a request. */
async function read(config: ConstructorParameters<typeof XRayClient>[0], traceIds: readonly string[]) {
  const client = new XRayClient(config!)
  const documents: Document[] = []
  const all = [...new Set(traceIds)]
  for (let at = 0; at < all.length; at += 5) {
    const { Traces = [] } = await client.send(new BatchGetTracesCommand({ TraceIds: all.slice(at, at + 5) }))
    for (const { Segments = [] } of Traces)
      for (const { Document } of Segments) documents.push(JSON.parse(Document ?? '{}'))
  }
  client.destroy()
  return documents
}

/** The SDK writes NaN for lines that it cannot read, which is null in JSON, and that is nothing. */
const withoutNulls = (document: Document): Document => {
  const isFree = (key: string): boolean => key === 'metadata'
  const clean = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(clean)
    if (typeof value !== 'object' || value === null) return value
    const entries = Object.entries(value).filter(([, inner]) => inner !== null)
    return Object.fromEntries(entries.map(([key, inner]) => [key, isFree(key) ? inner : clean(inner)]))
  }
  return clean(document) as Document
}
