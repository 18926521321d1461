import { test } from 'tap'
import { logs, nanos, start } from './rig.ts'

const TIME = Date.UTC(2026, 0, 1)
const RESOURCE = {
  attributes: [
    { key: 'host', value: { stringValue: 'abc123' } },
    { key: 'node', value: { intValue: '5' } },
  ],
}
const RECORD = {
  timeUnixNano: nanos(TIME),
  severityNumber: 5,
  severityText: 'debug',
  droppedAttributesCount: 4,
  flags: 1,
  body: { stringValue: 'hello world' },
  traceId: '0102030405060708090a0b0c0d0e0f10',
  spanId: '0102030405060708',
  attributes: [
    { key: 'key1', value: { intValue: '1' } },
    { key: 'key2', value: { stringValue: 'attr2' } },
  ],
}

async function documents(resourceLogs: object, config: object = {}): Promise<string[]> {
  const { consume, client, stop } = await start(config)
  await consume(logs(resourceLogs))
  await stop()
  return client.events.map(({ message }) => message)
}
const document = async (record: object, around: object = {}): Promise<string> =>
  (await documents({ ...around, scopeLogs: [{ logRecords: [{ timeUnixNano: nanos(TIME), ...record }] }] }))[0]!

test("a record becomes the collector's document, to the letter", async (t) => {
  t.equal(
    await document(RECORD, { resource: RESOURCE }),
    '{"body":"hello world","severity_number":5,"severity_text":"debug","dropped_attributes_count":4,"flags":1,' +
      '"trace_id":"0102030405060708090a0b0c0d0e0f10","span_id":"0102030405060708","attributes":{"key1":1,"key2":"attr2"},' +
      '"resource":{"host":"abc123","node":5}}',
  )
})

test('what is empty is left out', async (t) => {
  t.equal(await document({}), '{}')
  t.equal(await document({ body: {} }), '{}')
  t.equal(await document({ body: {}, severityText: 'x' }), '{"severity_text":"x"}')
  t.equal(await document({}, { resource: RESOURCE }), '{"resource":{"host":"abc123","node":5}}')
  t.equal(await document({ traceId: '0'.repeat(32), spanId: '0'.repeat(16) }), '{}')
})

test('a body that is there stays, even when there is nothing in it', async (t) => {
  for (const [body, json] of [
    [{ stringValue: '' }, '""'],
    [{ stringValue: 'null' }, '"null"'],
    [{ boolValue: false }, 'false'],
    [{ intValue: '0' }, '0'],
    [{ arrayValue: { values: [] } }, '[]'],
    [{ kvlistValue: { values: [] } }, '{}'],
    [{ arrayValue: { values: [{}] } }, '[null]'],
  ])
    t.equal(await document({ body }), `{"body":${json}}`)
})

test('values of every kind are what they are in JSON', async (t) => {
  const body = {
    kvlistValue: {
      values: [
        { key: 'text "quoted" \\ \n ☃', value: { stringValue: 'größer\t\u0001' } },
        { key: 'int', value: { intValue: '9223372036854775807' } },
        { key: 'negative', value: { intValue: '-9223372036854775808' } },
        { key: 'double', value: { doubleValue: 1.5 } },
        { key: 'bytes', value: { bytesValue: 'AQID/w==' } },
        { key: 'list', value: { arrayValue: { values: [{ boolValue: true }, { stringValue: 'x' }] } } },
        { key: 'nothing', value: {} },
      ],
    },
  }
  const text = await document({ body })
  t.match(text, '"int":9223372036854775807,"negative":-9223372036854775808,')
  t.same(JSON.parse(text), {
    body: {
      'text "quoted" \\ \n ☃': 'größer\t\u0001',
      int: 2 ** 63,
      negative: -(2 ** 63),
      double: 1.5,
      bytes: 'AQID/w==',
      list: [true, 'x'],
      nothing: null,
    },
  })
})

test('numbers that JSON has not are texts, and the record is not lost', async (t) => {
  t.same(JSON.parse(await document({ body: { doubleValue: 'NaN' } })), { body: 'NaN' })
})

test('keys such as __proto__ are data', async (t) => {
  const attributes = ['__proto__', 'constructor'].map((key) => ({ key, value: { stringValue: 'x' } }))
  t.equal(await document({ attributes }), '{"attributes":{"__proto__":"x","constructor":"x"}}')
})

test('a scope with a name is in the documents of its records, and so is each resource', async (t) => {
  const record = { timeUnixNano: nanos(TIME), severityText: 'x' }
  const { consume, client, stop } = await start()
  await consume(
    logs(
      {
        resource: RESOURCE,
        scopeLogs: [
          {
            scope: {
              name: 'checkout "x"',
              version: '1.2',
              attributes: [{ key: 'a', value: { boolValue: true } }],
            },
            logRecords: [record, record],
          },
          { scope: { name: 'bare' }, logRecords: [record] },
          { scope: { version: '2' }, logRecords: [record] },
        ],
      },
      { scopeLogs: [{ logRecords: [record] }] },
    ),
  )
  await stop()
  const resource = { host: 'abc123', node: 5 }
  const scope = { name: 'checkout "x"', version: '1.2', attributes: { a: true } }
  t.same(
    client.events.map(({ message }) => JSON.parse(message)),
    [
      { severity_text: 'x', scope, resource },
      { severity_text: 'x', scope, resource },
      { severity_text: 'x', scope: { name: 'bare' }, resource },
      { severity_text: 'x', resource },
      { severity_text: 'x' },
    ],
  )
})

test('raw_log sends the body alone', async (t) => {
  const bodies = [
    { stringValue: 'a line "quoted" ☃' },
    { kvlistValue: { values: [{ key: 'a', value: { intValue: '1' } }] } },
    { intValue: '5' },
    { bytesValue: 'AQID' },
  ]
  const logRecords = bodies.map((body) => ({ ...RECORD, body }))
  t.same(await documents({ resource: RESOURCE, scopeLogs: [{ logRecords }] }, { raw_log: true }), [
    'a line "quoted" ☃',
    '{"a":1}',
    '5',
    'AQID',
  ])
})
