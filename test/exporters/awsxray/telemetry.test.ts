import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Test, test } from 'tap'
import { AwsError } from '../../../src/aws/index.ts'
import { recorderOf, shareRecorder, TelemetryRecorder } from '../../../src/aws/xray/recorder.ts'
import { createTelemetry } from '../../../src/exporters/awsxray/telemetry.ts'
import { settle, type TestSettings, testSettings } from '../../../src/testing/index.ts'
import { DirectClient, parsed, spans, start } from './rig.ts'

const noErrors = {
  TimeoutCount: 0,
  ConnectionRefusedCount: 0,
  HTTPCode4XXCount: 0,
  HTTPCode5XXCount: 0,
  UnknownHostCount: 0,
  OtherCount: 0,
}
const MINUTE_MS = 60_000

function scene(
  t: Test,
  telemetry: object = {},
  {
    environment = {},
    ...of
  }: { environment?: Record<string, string>; resource_arn?: string; local_mode?: boolean } = {},
) {
  const settings: TestSettings = testSettings({ id: 'awsxray' })
  const client = new DirectClient()
  const made = createTelemetry(parsed({ telemetry: { enabled: true, ...telemetry }, ...of }), settings, client, {
    AWS_EC2_METADATA_DISABLED: 'true',
    ...environment,
  })!
  made.start()
  t.teardown(() => made.stop())
  return { settings, client, recorder: made.recorder, told: client.service.telemetry, stop: () => made.stop() }
}

test('once a minute X-Ray is told what happened, if anything did', async (t) => {
  const { settings, recorder, told } = scene(t)
  await settings.clock.advance(MINUTE_MS)
  t.strictSame(told, [])
  recorder.sent(5)
  recorder.received(7)
  recorder.rejected(2)
  recorder.spilled(1)
  await settings.clock.advance(MINUTE_MS)
  t.strictSame(told, [
    {
      TelemetryRecords: [
        {
          Timestamp: Math.floor(settings.clock.now() / 1000),
          SegmentsReceivedCount: 7,
          SegmentsSentCount: 5,
          SegmentsSpilloverCount: 1,
          SegmentsRejectedCount: 2,
          BackendConnectionErrors: noErrors,
        },
      ],
    },
  ])
  await settings.clock.advance(3 * MINUTE_MS)
  t.equal(told.length, 1, 'nothing since')
  recorder.sent(1)
  await settings.clock.advance(MINUTE_MS)
  t.equal(told[1].TelemetryRecords[0].SegmentsSentCount, 1, 'counted anew')
})

test('failures are counted by their kind', async (t) => {
  const { settings, recorder, told } = scene(t)
  const failure = (code: string, message: string, status = 0): void =>
    recorder.failed(new AwsError('transient', code, message, { status }))
  failure('ThrottlingException', 'Rate exceeded', 429)
  failure('InternalFailure', '', 500)
  failure('RequestTimeout', 'no answer within 30 s')
  failure('ConnectionError', 'connect ETIMEDOUT 10.0.0.1:443')
  failure('ConnectionError', 'connect ECONNREFUSED 127.0.0.1:1')
  failure('ConnectionError', 'getaddrinfo ENOTFOUND xray.example')
  failure('ConnectionError', 'getaddrinfo EAI_AGAIN xray.example')
  failure('ConnectionError', 'socket hang up')
  recorder.failed(new Error('something else'))
  await settings.clock.advance(MINUTE_MS)
  t.strictSame(told[0].TelemetryRecords[0].BackendConnectionErrors, {
    TimeoutCount: 2,
    ConnectionRefusedCount: 1,
    HTTPCode4XXCount: 1,
    HTTPCode5XXCount: 1,
    UnknownHostCount: 2,
    OtherCount: 2,
  })
})

test('what cannot be told is kept, up to 30 records, and told in requests of 10, the newest first', async (t) => {
  const { settings, recorder, client, told, stop } = scene(t)
  for (let i = 1; i <= 35; i++) {
    recorder.sent(i)
    client.failures.push(new AwsError('transient', 'ServiceUnavailable', 'not now', { status: 503 }))
    await settings.clock.advance(MINUTE_MS)
  }
  t.strictSame(told, [])
  await settings.clock.advance(MINUTE_MS)
  const sent = told.map(({ TelemetryRecords }) =>
    TelemetryRecords.map((one: { SegmentsSentCount: number }) => one.SegmentsSentCount),
  )
  t.equal(sent.length, 3)
  // the last record holds the failure to tell the one before
  t.strictSame(
    sent.flat().toSorted((a: number, b: number) => a - b),
    [0, ...Array.from({ length: 29 }, (_, i) => i + 7)],
  )
  t.ok(Math.min(...sent[0]) === 0 && Math.max(...sent[0]) === 35, 'the newest first')
  stop()
  recorder.sent(1)
  await settings.clock.advance(5 * MINUTE_MS)
  t.equal(told.length, 3, 'and nothing after the end')
})

test('the host is told only when asked: by the config, the environment, EC2', async (t) => {
  const hostOf = async (telemetry: object, of: Parameters<typeof scene>[2] = {}): Promise<object> => {
    const { settings, recorder, told } = scene(t, telemetry, of)
    recorder.sent(1)
    await settings.clock.advance(MINUTE_MS)
    for (let i = 0; i < 500 && told.length === 0; i++) await settle()
    const { TelemetryRecords: _records, ...host } = told[0]
    return host
  }
  const environment = { AWS_HOSTNAME: 'env', AWS_INSTANCE_ID: 'i-env' }
  t.strictSame(await hostOf({ hostname: 'h' }, { environment }), {})
  t.strictSame(await hostOf({ include_metadata: true }), {})
  t.strictSame(await hostOf({ include_metadata: true }, { environment, resource_arn: 'arn:aws:ec2:::i' }), {
    Hostname: 'env',
    EC2InstanceId: 'i-env',
    ResourceARN: 'arn:aws:ec2:::i',
  })
  t.strictSame(
    await hostOf(
      { include_metadata: true, hostname: 'h', instance_id: 'i-1', resource_arn: 'arn:1' },
      { environment, resource_arn: 'arn:2' },
    ),
    { Hostname: 'h', EC2InstanceId: 'i-1', ResourceARN: 'arn:1' },
  )
  const ec2 = createServer((request, response) => {
    response.end(request.method === 'PUT' ? 'token' : `of ${request.url?.split('/').at(-1)}\n`)
  }).listen(0, '127.0.0.1')
  t.teardown(() => ec2.close())
  await settle()
  const asked = {
    AWS_EC2_METADATA_DISABLED: '',
    AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://127.0.0.1:${(ec2.address() as AddressInfo).port}`,
  }
  t.strictSame(await hostOf({ include_metadata: true }, { environment: asked }), {
    Hostname: 'of hostname',
    EC2InstanceId: 'of instance-id',
  })
  t.strictSame(await hostOf({ include_metadata: true }, { environment: asked, local_mode: true }), {})
})

test('receivers with the exporter’s id, or named as contributors, count for it', async (t) => {
  const settings = testSettings({ id: 'awsxray/out' })
  const of = (id: string) => ({ memory: settings.memory, id })
  t.equal(recorderOf(of('awsxray/out')), undefined)
  const made = createTelemetry(
    parsed({ telemetry: { enabled: true, contributors: ['awsxray/in', 'awsxray / other'] } }),
    settings,
    new DirectClient(),
  )!
  for (const id of ['awsxray/out', 'awsxray/in', 'awsxray/other']) t.equal(recorderOf(of(id)), made.recorder, id)
  t.equal(recorderOf(of('awsxray')), undefined)
  const another = new TelemetryRecorder()
  shareRecorder(settings, ['awsxray/in', 'awsxray/new'], another)
  t.equal(recorderOf(of('awsxray/in')), made.recorder, 'the first one it is')
  t.equal(recorderOf(of('awsxray/new')), another)
  t.equal(recorderOf({ memory: testSettings().memory, id: 'awsxray/in' }), undefined, 'of another agent')
  t.equal(createTelemetry(parsed(), settings, new DirectClient()), undefined, 'off unless asked for')
})

test('the exporter counts what it sends and what fails', async (t) => {
  const { client, consume, settings, stop } = await start({ telemetry: { enabled: true } })
  client.service.refuse = ({ id }) => (id.endsWith('1') ? { ErrorCode: 'InvalidName' } : undefined)
  await consume(spans(60))
  client.failures.push(new AwsError('invalid', 'AccessDenied', '', { status: 403 }))
  await t.rejects(consume(spans(1)))
  await settings.clock.advance(MINUTE_MS)
  t.match(client.service.telemetry[0].TelemetryRecords, [
    { SegmentsSentCount: 56, BackendConnectionErrors: { HTTPCode4XXCount: 1 } },
  ])
  await stop()
})
