import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { type Test, test } from 'tap'
import * as v from 'valibot'
import type { Exporter } from '../../../src/contract/index.ts'
import { type Batch, decodeOtlp, decodeOtlpJson } from '../../../src/data/index.ts'
import firehose from '../../../src/exporters/awskinesisfirehose/index.ts'
import { type TestSettings, testContext, testHost, testSettings } from '../../../src/testing/index.ts'
import { FirehoseEmulator } from '../../emulator/firehose.ts'
import { withTestKeys } from '../../emulator/server.ts'
import { batchOf, items } from '../../kit/otlp.ts'

const never = new AbortController().signal

interface Scene {
  readonly emulator: FirehoseEmulator
  readonly exporter: Exporter
  readonly settings: TestSettings
  /** Resolves when the batch is delivered, whatever is tried again meanwhile. */
  logs(batch?: Batch<'logs'>): Promise<void>
}

async function scene(t: Test, of: { readonly config?: object; readonly skewMs?: number } = {}): Promise<Scene> {
  withTestKeys(t)
  const settings = testSettings({ id: 'awskinesisfirehose' })
  const emulator = await FirehoseEmulator.start(t, { now: () => settings.clock.now() - (of.skewMs ?? 0) })
  const config = v.parse(firehose.config, {
    ...emulator.aws.config,
    delivery_stream: 'logs',
    sending_queue: { enabled: false },
    retry_on_failure: { initial_interval: '0s', max_interval: '0s', max_elapsed_time: '0s' },
    ...of.config,
  })
  const exporter = firehose.create(config, settings)
  await exporter.start!(testHost())
  t.teardown(() => exporter.stop!(AbortSignal.abort()))
  return {
    emulator,
    exporter,
    settings,
    async logs(batch = items.logs(3)) {
      let isDone = false
      const sent = exporter.consumers.logs!(batch, testContext()).finally(() => {
        isDone = true
      })
      sent.catch(() => {})
      while (!isDone) await settings.clock.advance(0)
      await sent
    },
  }
}

const bodiesIn = (text: string): string[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { body: string }).body)

const sized = (count: number, size: number): Batch<'logs'> =>
  batchOf('logs', {
    resourceLogs: [
      {
        scopeLogs: [
          {
            logRecords: Array.from({ length: count }, (_, i) => ({ body: { stringValue: `${i}`.padEnd(size, '.') } })),
          },
        ],
      },
    ],
  })

function isSettled(t: Test, { settings }: Scene, delivered: number, dropped = 0): void {
  t.match(settings.ledger('logs'), { outItems: delivered, droppedItems: dropped, held: -delivered - dropped })
}

test('lines are packed into one record, each item once, in order', async (t) => {
  const of = await scene(t)
  await of.logs(items.logs(1000))
  t.equal(of.emulator.records.length, 1)
  t.same(
    bodiesIn(of.emulator.text),
    Array.from({ length: 1000 }, (_, i) => `log-${i}`),
  )
  isSettled(t, of, 1000)
})

test('every signal', async (t) => {
  const { exporter, emulator } = await scene(t)
  await exporter.consumers.traces!(items.traces(1), testContext())
  await exporter.consumers.metrics!(items.metrics(1), testContext())
  t.match(
    emulator.records.map((record) => JSON.parse(record.toString())),
    [{ name: 'span-0' }, { name: 'gauge', value: 0.5 }],
  )
})

test('pack_records: false, max_records_per_batch: a record a line, so many a call', async (t) => {
  const of = await scene(t, { config: { pack_records: false, max_records_per_batch: 200 } })
  await of.logs(items.logs(1001))
  t.equal(of.emulator.records.length, 1001)
  t.equal(of.emulator.calls, 6)
  isSettled(t, of, 1001)
})

test('500 records a call at most, 4 MiB a call, 1,000 KiB a record', async (t) => {
  const few = await scene(t, { config: { pack_records: false } })
  await few.logs(items.logs(1001))
  t.equal(few.emulator.calls, 3)
  const large = await scene(t)
  await large.logs(sized(40, 500_000))
  t.equal(large.emulator.records.length, 20)
  t.equal(large.emulator.calls, 7)
  t.equal(bodiesIn(large.emulator.text).length, 40)
  isSettled(t, large, 40)
})

test('whatever the sizes, no limit is broken and nothing is lost or doubled', async (t) => {
  const of = await scene(t)
  let seed = 11
  const random = (below: number): number => {
    seed = (seed * 1103515245 + 12345) % 2147483648
    return Math.floor((seed / 2147483648) * below)
  }
  let cases = 0
  let sent = 0
  for (let run = 0; run < 25; run++) {
    const count = 1 + random(60)
    const logRecords = Array.from({ length: count }, () => ({
      body: { stringValue: 'é"'.repeat(random(10) === 0 ? random(300_000) : random(3000)) },
    }))
    await of.logs(batchOf('logs', { resourceLogs: [{ scopeLogs: [{ logRecords }] }] }))
    sent += count
    cases++
  }
  t.equal(bodiesIn(of.emulator.text).length + of.settings.ledger('logs').droppedItems, sent)
  t.ok(cases > 0)
})

test('an item that is larger than max_record_size is dropped alone, and said', async (t) => {
  for (const [name, config] of [
    ['json_lines', {}],
    ['body', {}],
    ['otlp_json', {}],
    ['otlp_proto', {}],
    ['json_lines', { max_record_size: '64KiB', compression: 'gzip' }],
  ] as const) {
    const { compression = 'none', ...more } = config as { compression?: string; max_record_size?: string }
    const of = await scene(t, { config: { encoding: { name, compression }, ...more } })
    const logRecords = [10, 1_100_000, 10].map((size) => ({ body: { stringValue: 'x'.repeat(size) } }))
    await of.logs(batchOf('logs', { resourceLogs: [{ scopeLogs: [{ logRecords }] }] }))
    isSettled(t, of, 2, 1)
    t.equal(of.settings.ledger('logs').droppedByReason.get('too_large'), 1)
    t.match(of.settings.lines, [{ level: 'error', message: /data lost: items are larger than a record may be/ }])
  }
})

test('encoding::name: OTLP as JSON, a request a line, cut where it is too large', async (t) => {
  const of = await scene(t, { config: { encoding: { name: 'otlp_json' } } })
  await of.logs(sized(5, 400_000))
  const read = of.emulator.records.map((record) => decodeOtlpJson('logs', record).items)
  t.same(read, [2, 1, 2])
  t.ok(of.emulator.records.every((record) => record.at(-1) === 0x0a))
  isSettled(t, of, 5)
})

test('encoding::name: OTLP in protobuf, each request behind its length', async (t) => {
  const { logs, emulator } = await scene(t, { config: { encoding: { name: 'otlp_proto' } } })
  await logs(items.logs(300))
  const [record] = emulator.records
  let [length, at] = [0, 0]
  for (let shift = 0; ; shift += 7) {
    const byte = record![at++]!
    length |= (byte & 127) << shift
    if (byte < 128) break
  }
  t.equal(record!.length, at + length)
  t.equal(decodeOtlp('logs', record!.subarray(at)).items, 300)
})

test('encoding::name: bodies, logs only', async (t) => {
  const { logs, emulator, exporter } = await scene(t, { config: { encoding: { name: 'body' } } })
  t.same(Object.keys(exporter.consumers), ['logs'])
  await logs(items.logs(2))
  t.equal(emulator.text, 'log-0\nlog-1\n')
})

test('encoding::compression: each record by itself', async (t) => {
  for (const [compression, decompress] of [
    ['gzip', gunzipSync],
    ['zstd', zstdDecompressSync],
  ] as const) {
    const { logs, emulator } = await scene(t, { config: { encoding: { compression }, max_record_size: '10KiB' } })
    await logs(items.logs(1000))
    t.ok(emulator.records.length > 1)
    const text = emulator.records.map((record) => decompress(record).toString()).join('')
    t.equal(bodiesIn(text).length, 1000)
  }
})

test('records that are refused are sent again, those alone; none of the others is there twice', async (t) => {
  const of = await scene(t, { config: { pack_records: false } })
  of.emulator.refuse = (index, _data, call) => (call < 4 && index % 3 === 0 ? 'ServiceUnavailableException' : undefined)
  await of.logs(items.logs(100))
  t.equal(of.emulator.calls, 4)
  const bodies = bodiesIn(of.emulator.text)
  t.equal(bodies.length, 100)
  t.equal(new Set(bodies).size, 100)
  isSettled(t, of, 100)
})

test('a record that is refused is sent again, whatever the code', async (t) => {
  const of = await scene(t, { config: { pack_records: false } })
  of.emulator.refuse = (index, _data, call) =>
    call > 1 ? undefined : index === 0 ? 'SerializationException' : index === 1 ? 'InternalFailure' : undefined
  await of.logs(items.logs(5))
  // What is not known to be final is tried again.
  t.same(bodiesIn(of.emulator.text).toSorted(), ['log-0', 'log-1', 'log-2', 'log-3', 'log-4'])
  isSettled(t, of, 5)
})

test('an answer that says that records failed and not which is no answer', async (t) => {
  const of = await scene(t)
  of.emulator.aws.faults.push({ status: 200, body: '{"FailedPutCount":1}' })
  of.emulator.aws.faults.push({ status: 200, body: '{"FailedPutCount":1,"RequestResponses":[{}]}' })
  await of.logs()
  isSettled(t, of, 3)
  t.equal(of.emulator.calls, 1)
})

test('throttled, down, garbage, expired, denied: it waits and nothing is lost', async (t) => {
  const of = await scene(t, {
    config: { retry_on_failure: { initial_interval: '0s', max_interval: '0s', max_elapsed_time: '0s' } },
  })
  of.emulator.aws.faults.push('throttled', 'unavailable', 'reset', 'garbage', 'expired', { status: 500 })
  await of.logs()
  t.equal(bodiesIn(of.emulator.text).length, 3)
  isSettled(t, of, 3)
  t.equal(of.emulator.aws.requests.length, 7)
})

test('credentials that expire in the middle of a batch are renewed, and each item arrives once', async (t) => {
  const of = await scene(t, { config: { pack_records: false } })
  const { keys } = of.emulator.aws
  of.emulator.refuse = (index, _data, call) => {
    if (call === 1 && index === 499) {
      keys.clear()
      keys.set('AKIAFRESH', { secretAccessKey: 'fresh' })
      process.env.AWS_ACCESS_KEY_ID = 'AKIAFRESH'
      process.env.AWS_SECRET_ACCESS_KEY = 'fresh'
      void of.settings.clock.advance(3000)
    }
    return undefined
  }
  await of.logs(items.logs(1200))
  t.same(
    of.emulator.aws.requests.map(({ accessKeyId }) => accessKeyId),
    ['AKIATEST', 'AKIATEST', 'AKIAFRESH', 'AKIAFRESH'],
  )
  const bodies = bodiesIn(of.emulator.text)
  t.equal(bodies.length, 1200)
  t.equal(new Set(bodies).size, 1200)
  isSettled(t, of, 1200)
})

for (const skewMs of [3_600_000, -3_600_000, 365 * 86_400_000])
  test(`a clock that is off by ${skewMs / 3_600_000} h costs one request`, async (t) => {
    const of = await scene(t, { skewMs })
    await of.logs()
    t.equal(of.emulator.aws.requests.length, 2)
    isSettled(t, of, 3)
  })

test('a stream that is not there is waited for; a request that is wrong is final', async (t) => {
  const config = { delivery_stream: 'other', retry_on_failure: { enabled: false } }
  const { logs, emulator } = await scene(t, { config })
  await t.rejects(logs(), { name: 'RetryableError', message: /ResourceNotFoundException: Firehose other not found/ })
  emulator.aws.faults.push({ status: 400, body: '{"__type":"InvalidArgumentException","message":"no"}' })
  await t.rejects(logs(), { name: 'PermanentError', message: /InvalidArgumentException: no/ })
})

test('mistakes in a config are told at once', async (t) => {
  const problems = (input: object): string =>
    v
      .safeParse(firehose.config, input)
      .issues?.map((issue) => `${v.getDotPath(issue)}: ${issue.message}`)
      .join('; ') ?? ''
  t.match(problems({}), /delivery_stream/)
  t.match(problems({ delivery_stream: 'a b' }), /must be the name of a delivery stream/)
  t.match(problems({ delivery_stream: 'a', max_records_per_batch: 501 }), /must be at most 500/)
  t.match(
    problems({ delivery_stream: 'a', max_record_size: '2MiB' }),
    /must be at most 1024000, which is all that Firehose takes/,
  )
  t.match(problems({ delivery_stream: 'a', max_record_size: 10 }), /must be at least 1KiB/)
})

test('what waits when the agent ends is sent once more', async (t) => {
  const of = await scene(t, { config: { sending_queue: { batch: { flush_timeout: '1h', min_size: 1000 } } } })
  await of.exporter.consumers.logs!(items.logs(7), testContext())
  t.equal(of.emulator.calls, 0)
  await of.exporter.stop!(never)
  t.equal(bodiesIn(of.emulator.text).length, 7)
})
