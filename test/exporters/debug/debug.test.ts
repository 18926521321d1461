import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'tap'
import * as v from 'valibot'
import { ShutdownError } from '../../../src/contract/index.ts'
import type { Signal } from '../../../src/data/index.ts'
import debug from '../../../src/exporters/debug/index.ts'
import { type TestSettings, testContext, testHost, testSettings } from '../../../src/testing/index.ts'
import { items } from '../../kit/otlp.ts'

const created = (yaml: object, settings: TestSettings = testSettings()) => ({
  exporter: debug.create(v.parse(debug.config, yaml), settings),
  settings,
})
const abort = (): AbortSignal => new AbortController().signal

test('basic says in one line what a batch of each signal has', async (t) => {
  const { exporter, settings } = created({})
  await exporter.start!(testHost())
  await exporter.consumers.traces!(items.traces(3), testContext())
  await exporter.consumers.metrics!(items.metrics(2), testContext())
  await exporter.consumers.logs!(items.logs(1), testContext())
  t.same(settings.lines, [
    { level: 'info', message: 'Traces', fields: { 'resource spans': 1, spans: 3 } },
    { level: 'info', message: 'Metrics', fields: { 'resource metrics': 1, metrics: 1, 'data points': 2 } },
    { level: 'info', message: 'Logs', fields: { 'resource logs': 1, 'log records': 1 } },
  ])
})

test('through the log, what belongs to a summary is a list of lines', async (t) => {
  const { exporter, settings } = created({ verbosity: 'normal' })
  await exporter.start!(testHost())
  await exporter.consumers.logs!(items.logs(2), testContext())
  t.same(settings.lines, [
    { level: 'info', message: 'Logs', fields: { 'resource logs': 1, 'log records': 2 } },
    {
      level: 'info',
      message: 'Logs',
      fields: { lines: ['ResourceLog #0 service.name=shop', 'ScopeLog #0', 'log-0 ', 'log-1 '] },
    },
  ])
})

test('what is shown counts as delivered; after the stop batches are refused', async (t) => {
  const { exporter, settings } = created({})
  await exporter.start!(testHost())
  for (const signal of ['traces', 'metrics', 'logs'] satisfies Signal[]) {
    settings.ledger(signal).entered(4)
    await exporter.consumers[signal]!(items[signal](4) as never, testContext())
    t.equal(settings.ledger(signal).outItems, 4)
    t.equal(settings.ledger(signal).held, 0)
  }
  await exporter.stop!(abort())
  await exporter.stop!(abort())
  await t.rejects(exporter.consumers.logs!(items.logs(1), testContext()), ShutdownError)
  t.equal(settings.lines.length, 3)
})

test('sampling passes the first equal messages of a second and then every nth', async (t) => {
  const { exporter, settings } = created({ sampling_initial: 3, sampling_thereafter: 4 })
  await exporter.start!(testHost())
  const send = async (times: number): Promise<void> => {
    for (let i = 0; i < times; i++) await exporter.consumers.logs!(items.logs(i + 1), testContext())
  }
  const shown = (): unknown[] => settings.lines.map(({ fields }) => (fields as Record<string, number>)['log records'])

  await send(12)
  t.same(shown(), [1, 2, 3, 7, 11])
  t.equal(settings.ledger('logs').outItems, 78, 'what is not shown has been delivered all the same')

  await settings.clock.advance(1000)
  settings.lines.length = 0
  await send(3)
  t.same(shown(), [1, 2, 3])
})

test('sampling_thereafter 0 shows nothing beyond the first', async (t) => {
  const { exporter, settings } = created({ sampling_initial: 1, sampling_thereafter: 0 })
  await exporter.start!(testHost())
  for (let i = 0; i < 5; i++) await exporter.consumers.traces!(items.traces(1), testContext())
  t.equal(settings.lines.length, 1)
})

test('without the internal logger the lines go to every output path, undecorated and appended', async (t) => {
  const dir = t.testdir({ first: 'before\n' })
  const paths = [join(dir, 'first'), join(dir, 'second')]
  const { exporter, settings } = created({ use_internal_logger: false, output_paths: paths })
  await exporter.start!(testHost())
  await exporter.consumers.traces!(items.traces(2), testContext())
  await exporter.consumers.logs!(items.logs(1), testContext())
  await exporter.stop!(abort())

  const lines = 'Traces\t{"resource spans": 1, "spans": 2}\nLogs\t{"resource logs": 1, "log records": 1}\n'
  t.equal(await readFile(paths[0]!, 'utf8'), `before\n${lines}`)
  t.equal(await readFile(paths[1]!, 'utf8'), lines)
  t.same(settings.lines, [])
})

test('an output that cannot be opened fails the start', async (t) => {
  const { exporter } = created({ use_internal_logger: false, output_paths: [join(t.testdir({}), 'no', 'such')] })
  await t.rejects(exporter.start!(testHost()), { code: 'ENOENT' })
  await exporter.stop!(abort())
})

test('an output that fails drops and counts, it does not hold anybody up', {
  skip: process.platform !== 'linux' && 'needs /dev/full',
}, async (t) => {
  const { exporter, settings } = created({ use_internal_logger: false, output_paths: ['/dev/full'] })
  await exporter.start!(testHost())
  const ledger = settings.ledger('logs')
  ledger.entered(2)
  await t.rejects(exporter.consumers.logs!(items.logs(2), testContext()), {
    name: 'PermanentError',
    reason: 'output_failed',
  })
  t.equal(ledger.outItems, 0)
  await exporter.stop!(abort())
})

test('with a queue batches are written behind it, and before the stop', async (t) => {
  const { exporter, settings } = created({ sending_queue: { queue_size: 10 } })
  await exporter.start!(testHost())
  settings.ledger('logs').entered(6)
  for (let i = 1; i <= 3; i++) await exporter.consumers.logs!(items.logs(i), testContext())
  await exporter.stop!(abort())
  t.equal(settings.lines.filter(({ message }) => message === 'Logs').length, 3)
  t.equal(settings.ledger('logs').outItems, 6)
  t.equal(settings.ledger('logs').held, 0)
})

test('output_paths without use_internal_logger: false is an error, as is an empty list', async (t) => {
  const issues = (yaml: object): string[] =>
    (v.safeParse(debug.config, yaml).issues ?? []).map((issue) => `${v.getDotPath(issue)}: ${issue.message}`)
  t.same(issues({ output_paths: ['stderr'] }), ['output_paths: needs use_internal_logger: false'])
  t.same(issues({ use_internal_logger: false, output_paths: [] }), ['output_paths: must name at least one output'])
})
