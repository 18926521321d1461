// AWS's own SDK for Node against the receiver: the order saga, and its sampler through the signing proxy.
import { type Test, test } from 'tap'
import { FakeClock } from '../../../src/testing/index.ts'
import type { PlainSpan } from '../../aws/xray/spans.ts'
import { type AwsEmulator, withTestKeys } from '../../emulator/server.ts'
import { emulateSampling } from '../../emulator/xray-sampling.ts'
import { until } from '../../kit/until.ts'
import { startXray } from './kit.ts'
import { type Document, flat, runSaga } from './run-saga.ts'

test('the order saga of the SDK arrives whole, and its sampler gets its rules', async (t) => {
  withTestKeys(t)
  const clock = new FakeClock()
  const sampling = await emulateSampling(t, () => clock.now())
  const xray = await startXray(t, { proxy_server: { region: sampling.region, aws_endpoint: sampling.url } })
  const documents = await runSaga(t, xray)
  t.ok(documents.length > 8, `${documents.length} documents`)
  const sent = documents.flatMap((document) => flat(document))
  await until(() => xray.sink.items >= sent.length)
  const spans = new Map(xray.spans().map((span) => [span.spanId, span]))
  t.equal(spans.size, sent.length)
  for (const document of sent) checkSpan(t, document, spans.get(document.id))
  checkStory(t, [...spans.values()])
  t.notOk(xray.rejected.has('malformed') || xray.rejected.has('bad_header'))
  checkSampling(t, sampling)
})

function checkSpan(t: Test, document: Document, span: PlainSpan | undefined): void {
  if (span === undefined) return void t.fail(`no span for ${document.name}`)
  const isSegment = document.type !== 'subsegment'
  t.match(
    span,
    {
      name: document.name,
      traceId: document.trace_id!.replaceAll('-', '').slice(1),
      parentSpanId: document.parent_id ?? '',
      kind: isSegment ? 2 : document.namespace === undefined ? 1 : 3,
      start: nanos(document.start_time),
      end: nanos(document.end_time),
      attributes: {
        ...document.annotations,
        ...(document.annotations && { 'aws.xray.annotations': Object.keys(document.annotations) }),
        ...(document.precursor_ids && { 'aws.xray.precursor_ids': document.precursor_ids }),
        ...Object.fromEntries(
          Object.entries(document.metadata ?? {}).map(([space, value]) => [
            `aws.xray.metadata.${space}`,
            JSON.stringify(value),
          ]),
        ),
      },
      events: (document.cause?.exceptions ?? []).map(({ id, message }) => ({
        name: 'exception',
        attributes: { 'aws.xray.exception.id': id, 'exception.message': message },
      })),
    },
    document.name,
  )
}

/** What a double of seconds says, to the microsecond. */
const nanos = (seconds: number): string => `${Math.round(seconds * 1e6)}000`

function checkStory(t: Test, spans: readonly PlainSpan[]): void {
  const named = (name: string): PlainSpan[] => spans.filter((span) => span.name === name)
  const [refused, taken] = named('Saga::CreateOrder')
  t.match(refused, {
    status: [2, ''],
    attributes: { sagaId: 'saga-user-123', amount: 39.5, items: 3, express: true, result: 'failed' },
  })
  t.match(taken, { status: [0, ''], attributes: { result: 'success' } })
  t.equal(named('Saga::Compensation').length, 1)
  const [payment] = named('Saga::Step3::ProcessPayment')
  t.match(payment, {
    status: [2, ''],
    events: [
      {
        attributes: {
          'exception.type': 'PaymentRefused',
          'exception.message': 'the gateway answers 402:\n  card refused',
          'exception.stacktrace': /^PaymentRefused: the gateway answers 402:\n {2}card refused\n\tat .*\n\tat pay\(/,
        },
      },
    ],
  })
  t.match(named('Database::findProductById')[0], {
    attributes: {
      productId: 'p-1',
      'aws.xray.sql.url': 'db.local:5432/shop',
      'db.user': 'shop',
      'aws.xray.rest': /"database_version":"PostgreSQL 16"/,
    },
  })
  t.match(
    spans.filter(({ attributes }) => attributes['http.status_code'] === 402),
    [{ kind: 3, status: [2, ''], attributes: { 'http.method': 'POST', 'aws.xray.error': true } }],
  )
  t.match(named('order-service')[0], {
    kind: 2,
    parentSpanId: '53995c3f42cd8ad8',
    resource: {
      'service.name': 'order-service',
      'telemetry.sdk.name': 'X-Ray for Node.js',
      'telemetry.sdk.language': 'nodejs',
    },
    attributes: { 'http.status_code': 500, 'enduser.id': 'user-123', 'aws.xray.fault': true },
  })
}

function checkSampling(t: Test, sampling: AwsEmulator): void {
  const paths = new Set(sampling.requests.map(({ path }) => path))
  t.strictSame([...paths].toSorted(), ['/GetSamplingRules', '/SamplingTargets'])
  const report = sampling.requests.find(({ path }) => path === '/SamplingTargets')
  t.match(report!.json(), { SamplingStatisticsDocuments: [{ RuleName: 'orders', ClientID: /^[0-9a-f]{24}$/ }] })
}
