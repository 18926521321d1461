// AWS destinations that fail in every way there is: nothing is lost without a counted reason, nothing that was taken is there
// twice, and the ledger adds up during the fault as after it (F20 to F24, F29, F31).
import { gzipSync } from 'node:zlib'
import { type Test, test } from 'tap'
import * as v from 'valibot'
import type { Exporter, ExporterFactory } from '../../src/contract/index.ts'
import type { Batch } from '../../src/data/index.ts'
import firehose from '../../src/exporters/awskinesisfirehose/index.ts'
import s3 from '../../src/exporters/awss3/index.ts'
import { type TestSettings, testContext, testHost, testSettings } from '../../src/testing/index.ts'
import { FirehoseEmulator } from '../emulator/firehose.ts'
import { S3Emulator } from '../emulator/s3.ts'
import { type AwsEmulator, type Fault, withTestKeys } from '../emulator/server.ts'
import { items } from '../kit/otlp.ts'
import { until } from '../kit/until.ts'

interface Destination {
  readonly aws: AwsEmulator
  /** Bodies that are there, each as often as it is. */
  bodies(): string[]
}

interface Kind {
  readonly factory: ExporterFactory
  start(t: Test, now: () => number): Promise<{ readonly destination: Destination; readonly config: object }>
}

const lines = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { body: string }).body)

const kinds: Readonly<Record<string, Kind>> = {
  awss3: {
    factory: s3,
    async start(t, now) {
      const emulator = await S3Emulator.start(t, { now })
      const s3uploader = { ...emulator.aws.config, s3_bucket: 'archive' }
      return {
        destination: { aws: emulator.aws, bodies: () => emulator.stored.flatMap(({ body }) => lines(body.toString())) },
        config: { s3uploader, marshaler: 'json_lines' },
      }
    },
  },
  awskinesisfirehose: {
    factory: firehose,
    async start(t, now) {
      const emulator = await FirehoseEmulator.start(t, { now })
      return {
        destination: { aws: emulator.aws, bodies: () => lines(emulator.text) },
        config: { ...emulator.aws.config, delivery_stream: 'logs' },
      }
    },
  },
}

interface Scene {
  readonly destination: Destination
  readonly exporter: Exporter
  readonly settings: TestSettings
  /** Resolves when the batch has come to its end. */
  send(batch?: Batch<'logs'>): Promise<void>
}

async function scene(t: Test, kind: Kind, config: object = {}): Promise<Scene> {
  withTestKeys(t)
  const settings = testSettings()
  const { destination, config: own } = await kind.start(t, () => settings.clock.now())
  const parsed = v.parse(kind.factory.config, {
    sending_queue: { enabled: false },
    timeout: '10s',
    retry_on_failure: { initial_interval: '0s', max_interval: '0s', max_elapsed_time: '0s' },
    ...own,
    ...config,
  })
  const exporter = kind.factory.create(parsed, settings)
  await exporter.start!(testHost())
  t.teardown(() => exporter.stop!(AbortSignal.abort()))
  return {
    destination,
    exporter,
    settings,
    async send(batch = items.logs(3)) {
      const ledger = settings.ledger('logs')
      ledger.entered(batch.items)
      let isDone = false
      const sent = exporter.consumers.logs!(batch, testContext())
        .catch((error: unknown) => {
          ledger.refused(batch.items)
          throw error
        })
        .finally(() => {
          isDone = true
        })
      sent.catch(() => {})
      while (!isDone) {
        if (ledger.held < 0 || ledger.held > batch.items) t.fail(`${ledger.held} items are held`)
        await settings.clock.advance(0)
      }
      await sent
    },
  }
}

const all = Array.from({ length: 3 }, (_, i) => `log-${i}`)

for (const [name, kind] of Object.entries(kinds)) {
  const passing: Readonly<Record<string, Fault>> = {
    'answers 500': { status: 500 },
    'answers 503 and asks for a wait of none': { status: 503, headers: { 'retry-after': '0' } },
    'answers 429': { status: 429 },
    'answers 401': { status: 401 },
    throttles: 'throttled',
    'is not available': 'unavailable',
    'resets the connection': 'reset',
    'says that credentials have expired': 'expired',
    'answers with half a document': 'garbage',
  }
  for (const [what, fault] of Object.entries(passing))
    test(`${name}: a service that ${what} costs an attempt and nothing else (F20, F22, F29)`, async (t) => {
      const { destination, send, settings } = await scene(t, kind)
      destination.aws.faults.push(fault, fault)
      // A person is waited for 30 s.
      let isDone = false
      const sent = send().finally(() => {
        isDone = true
      })
      while (!isDone) await settings.clock.advance(destination.aws.requests.length < 3 ? 31_000 : 0)
      await sent
      t.same(destination.bodies(), all)
      t.match(settings.ledger('logs'), { outItems: 3, droppedItems: 0, held: 0 })
    })

  test(`${name}: what is final is dropped and counted, or handed back to who waits (F20)`, async (t) => {
    const { destination, send, settings } = await scene(t, kind)
    destination.aws.fault = { status: 400 }
    await t.rejects(send(), { name: 'PermanentError', message: /answers 400 without the name of an AWS error/ })
    destination.aws.fault = 'flood'
    await t.rejects(send(), { name: 'PermanentError', message: /larger than 4194304 bytes/ })
    destination.aws.fault = {
      status: 200,
      headers: { 'content-encoding': 'gzip' },
      body: gzipSync(Buffer.alloc(64 * 1024 * 1024)),
    }
    await t.rejects(send(), { name: 'PermanentError', message: /larger than 4194304 bytes/ })
    destination.aws.fault = undefined
    await send()
    t.same(destination.bodies(), all)
    t.match(settings.ledger('logs'), { outItems: 3, refusedItems: 9, held: 0 })
  })

  test(`${name}: 413 is answered with halves, down to single items (F20)`, async (t) => {
    const { destination, send, settings } = await scene(
      t,
      kind,
      name === 'awskinesisfirehose' ? { pack_records: false } : {},
    )
    destination.aws.faults.push({ status: 413 }, { status: 413 })
    await send(items.logs(4))
    t.same(destination.bodies().toSorted(), ['log-0', 'log-1', 'log-2', 'log-3'])
    t.equal(destination.aws.requests.length, 5)
    t.match(settings.ledger('logs'), { outItems: 4, droppedItems: 0, held: 0 })
    destination.aws.fault = { status: 413 }
    await t.rejects(send(items.logs(1)), { name: /TooLargeError|PermanentError/ })
  })

  test(`${name}: a service that says nothing is given up after the time limit, its connection closed (F23)`, async (t) => {
    const { destination, send, settings } = await scene(t, kind)
    destination.aws.faults.push('hang')
    const sent = send()
    await until(() => destination.aws.requests.length === 1)
    await settings.clock.advance(10_000)
    await sent
    t.same(destination.bodies(), all)
    t.match(settings.ledger('logs'), { outItems: 3, held: 0 })
  })

  test(`${name}: with a queue nothing is lost while the service is down, first minutes included (F18)`, async (t) => {
    const { destination, exporter, settings } = await scene(t, kind, {
      sending_queue: { enabled: true, num_consumers: 1 },
      retry_on_failure: { max_elapsed_time: '0s' },
    })
    destination.aws.fault = 'unavailable'
    for (let minute = 0; minute < 30; minute++) {
      await exporter.consumers.logs!(items.logs(1), testContext())
      await settings.clock.advance(60_000)
    }
    t.same(destination.bodies(), [])
    destination.aws.fault = undefined
    for (let tries = 0; destination.bodies().length < 30 && tries < 1000; tries++) await settings.clock.advance(1000)
    t.equal(destination.bodies().length, 30)
    t.equal(settings.ledger('logs').droppedItems, 0)
  })
}
