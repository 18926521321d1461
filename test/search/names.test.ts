import { test } from 'tap'
import { instantFromMillis } from '../../src/data/index.ts'
import { compileIndexName, tidyIndexName } from '../../src/search/index-name.ts'
import { dateTokens, strftime } from '../../src/search/time-format.ts'
import { batchOf } from '../kit/otlp.ts'

const at = (iso: string) => instantFromMillis(Date.parse(iso))

interface Of {
  readonly attributes?: object
  readonly resource?: object
  readonly fallback?: string
  readonly format?: string
}

/** The index of one log record. */
function indexOf(pattern: string, of: Of = {}): string {
  const list = (from: object = {}) => Object.entries(from).map(([key, value]) => ({ key, value }))
  const date = of.format === undefined ? undefined : { separator: '-', format: dateTokens(of.format) }
  const name = compileIndexName({ pattern, fallback: of.fallback ?? '', date })
  let index = ''
  batchOf('logs', {
    resourceLogs: [
      {
        resource: { attributes: list(of.resource) },
        scopeLogs: [{ scope: { name: 'lib', version: '2' }, logRecords: [{ attributes: list(of.attributes) }] }],
      },
    ],
  }).visit({
    onLog(record, scope, resource) {
      index = name(at('2026-03-04T23:59:59.999Z'), record.attributes, scope, resource)
    },
  })
  return index
}

test('a placeholder is an attribute of the item, its scope or its resource', async (t) => {
  const resource = { 'service.name': { stringValue: 'shop' }, env: { stringValue: 'prod' } }
  t.equal(indexOf('otel-logs-%{service.name}', { resource }), 'otel-logs-shop')
  t.equal(indexOf('%{env}-%{service.name}', { resource, attributes: { env: { stringValue: 'test' } } }), 'test-shop')
  t.equal(indexOf('x-%{scope.name}-%{scope.version}'), 'x-lib-2')
  t.equal(indexOf('x-%{n}', { attributes: { n: { intValue: 7 } } }), 'x-7')
})

test('a missing one is the fallback, or unknown', async (t) => {
  t.equal(indexOf('x-%{absent}'), 'x-unknown')
  t.equal(indexOf('x-%{absent}', { fallback: 'other' }), 'x-other')
})

test('what an attribute says becomes what an index may be called', async (t) => {
  const group = (stringValue: string) => ({ attributes: { group: { stringValue } } })
  const logs = { ...group('/aws/ecs/Checkout'), format: 'yyyy-MM-dd' }
  t.equal(indexOf('logs-%{group}', logs), 'logs--aws-ecs-checkout-2026-03-04')
  t.equal(indexOf('%{group}', group('_a b,c#d:e*?"<>|\\')), 'a-b-c-d-e-------')
  t.equal(indexOf('%{group}', group('..')), 'unknown')
  t.equal(indexOf('%{group}', group('---')), 'unknown')
  t.ok(Buffer.byteLength(indexOf('%{group}', { ...group('ä'.repeat(500)), format: 'yyyy.MM.dd' })) <= 255)
  t.equal(tidyIndexName('ok'), 'ok')
})

test('the date is the day of the event, in UTC', async (t) => {
  t.equal(indexOf('logs', { format: 'yyyy.MM.dd' }), 'logs-2026.03.04')
  t.equal(indexOf('logs', { format: 'yy-MM-dd-HH:mm:ss' }), 'logs-26-03-04-23:59:59')
})

test('a format changes as often as its smallest part', async (t) => {
  const format = dateTokens('yyyy.MM.dd.HH')
  t.equal(format(at('2026-01-31T22:59:59Z')), '2026.01.31.22')
  t.equal(format(at('2026-01-31T23:00:00Z')), '2026.01.31.23')
  t.equal(format(at('2026-02-01T00:00:00Z')), '2026.02.01.00')
  t.equal(format(at('2026-01-31T22:00:00Z')), '2026.01.31.22')
})

test('strftime', async (t) => {
  const date = at('2026-01-03T04:05:06Z')
  t.equal(strftime('%Y.%m.%d')(date), '2026.01.03')
  t.equal(strftime('%y%j %H:%M:%S %p %e %b %B')(date), '26003 04:05:06 am 3 jan january')
  t.equal(strftime('%a %A %u %w %% %I')(date), 'sat saturday 6 6 % 04')
  t.equal(strftime('%G-%V %U')(date), '2026-01 00')
  t.equal(strftime('%G-%V')(at('2027-01-02T00:00:00Z')), '2026-53')
  t.equal(strftime('%F %C %s')(date), '2026-01-03 20 1767413106')
  t.throws(() => strftime('%Q'), /%Q is no part of a date/)
})

test('a name is made anew whenever what it is made of changes', async (t) => {
  const list = (values: Readonly<Record<string, string>>) =>
    Object.entries(values).map(([key, stringValue]) => ({ key, value: { stringValue } }))
  const name = compileIndexName({
    pattern: '%{a}-%{b}',
    fallback: '',
    date: { separator: '.', format: dateTokens('dd') },
  })
  const names: string[] = []
  const items = [{ a: '1', b: '2' }, { a: '1', b: '2' }, { a: '1', b: '3' }, {}, { a: '1', b: '2' }, { b: '2' }]
  let day = 0
  batchOf('logs', {
    resourceLogs: [{ scopeLogs: [{ logRecords: items.map((of) => ({ attributes: list(of) })) }] }],
  }).visit({
    onLog(record, scope, resource) {
      names.push(name(at(`2026-03-0${1 + Math.floor(day++ / 3)}T00:00:00Z`), record.attributes, scope, resource))
    },
  })
  t.same(names, ['1-2.01', '1-2.01', '1-3.01', 'unknown-unknown.02', '1-2.02', 'unknown-2.02'])
})
