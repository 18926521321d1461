import { test } from 'tap'
import { decodeOtlp } from '../../src/data/index.ts'
import { testContext } from '../../src/testing/index.ts'
import { batchOf } from '../kit/otlp.ts'

const text = (key: string, value: string): object => ({ key, value: { stringValue: value } })
const logs = (...attributes: object[][]) =>
  batchOf('logs', {
    resourceLogs: [{ scopeLogs: [{ logRecords: attributes.map((list) => ({ attributes: list })) }] }],
  })

const keysOf = (batch: ReturnType<typeof logs>): string[] => {
  const keys: string[] = []
  batch.visit({ onLog: ({ attributes }) => void keys.push(attributes.wireKey()) })
  return keys
}

test('equal attributes have equal keys, other values, keys and orders have others', async (t) => {
  const [one, same, value, key, order, fewer, none] = keysOf(
    logs(
      [text('a', '1'), text('b', 'é')],
      [text('a', '1'), text('b', 'é')],
      [text('a', '1'), text('b', 'è')],
      [text('a', '1'), text('c', 'é')],
      [text('b', 'é'), text('a', '1')],
      [text('a', '1')],
      [],
    ),
  )
  t.equal(one, same)
  t.equal(new Set([one, value, key, order, fewer, none]).size, 6)
  t.equal(none, '')
})

test('attributes that other fields stand between count as they stand', async (t) => {
  // LogRecord = { 6: attributes { 1: key, 2: value { 1: text } }, 2: severity_number }
  const attribute = (key: string) => [0x32, 0x08, 0x0a, 0x01, key.charCodeAt(0), 0x12, 0x03, 0x0a, 0x01, 0x78]
  const record = (...parts: number[][]) => {
    const body = parts.flat()
    return [0x12, body.length, ...body]
  }
  const severity = [0x10, 0x09]
  const records = [
    ...record(attribute('a'), attribute('b'), severity),
    ...record(attribute('a'), severity, attribute('b')),
  ]
  const bytes = [0x0a, records.length + 2, 0x12, records.length, ...records]
  const [together, apart] = keysOf(decodeOtlp('logs', Uint8Array.from(bytes)))
  t.equal(apart, together)
  t.not(apart, '')
})

test('edits count', async (t) => {
  const keys: string[] = []
  const look = (attributes: { wireKey(): string }): void => void keys.push(attributes.wireKey())
  logs([text('a', '1'), text('b', '2')], [text('a', '1')], [text('a', '1'), text('b', '3')]).rewrite(
    [
      {
        onLog({ attributes }) {
          attributes.delete('b')
          if (keys.length === 2) attributes.set('a', 'x')
          look(attributes)
        },
      },
    ],
    testContext(),
  )
  t.equal(keys[0], keys[1])
  t.not(keys[2], keys[1])
})
