// What is valid and hostile, through a whole agent: it lives, its accounts add up, and the next good request is served
// (rows 46, 47, 50 to 54, 63, 64 and 120 of the bad inputs).
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { encoded, type Plain } from '../data/random.ts'
import { attribute, rig } from './rig.ts'

const MiB = 1024 * 1024
const id = (size: number, last: number): Buffer => {
  const bytes = Buffer.alloc(size, 1)
  bytes.writeUInt32BE(last, size - 4)
  return bytes
}
const spans = (of: Plain[]): Plain => ({ resourceSpans: [{ scopeSpans: [{ spans: of }] }] })

test('traces that are valid and hostile', async (t) => {
  const { agent, destination, post, isAsGoodAsBefore } = await rig(t)
  // 46: two bytes each. 47: a field that nobody knows.
  t.equal(await post('traces', Buffer.alloc(2 * MiB, Buffer.from([0x0a, 0]))), 200)
  const unknown = Buffer.alloc(5 * MiB + 6)
  unknown.set(Buffer.from([0xfa, 0x3f, 0x80, 0x80, 0xc0, 0x02]))
  t.equal(await post('traces', unknown), 200, 'five megabytes of an unknown field')
  await isAsGoodAsBefore()
  // 120: everybody is everybody's parent.
  const traceId = id(16, 7)
  const circular = Array.from({ length: 50_000 }, (_, i) => ({
    traceId,
    spanId: id(8, i),
    parentSpanId: id(8, i % 3 === 0 ? i : (i + 1) % 50_000),
    name: 'circular',
  }))
  t.equal(await post('traces', encoded('traces', spans(circular))), 200)
  await isAsGoodAsBefore()
  // 63 and 64: a key of a megabyte, a hundred thousand keys that look like indexes.
  const many = Array.from({ length: 100_000 }, (_, i) => attribute(String(i), 'x'))
  for (const attributes of [[attribute('k'.repeat(MiB), 'v')], [attribute('v', 'v'.repeat(MiB))], many])
    t.equal(await post('traces', encoded('traces', spans([{ name: 'large', attributes }]))), 200)
  await isAsGoodAsBefore()
  t.ok(destination.items > 100_000, 'to both')
  t.equal((await agent.end()).code, 0)
})

test('texts that are none, and names that mean something to JavaScript, in every format', async (t) => {
  const { agent, destination, post, isAsGoodAsBefore } = await rig(t)
  // 50: "ok" and a byte that is no UTF-8, in place of the name.
  const body = encoded('traces', spans([{ name: 'ok??', attributes: [attribute('nul', 'a\0b\u001b[31m\r\nc')] }]))
  const at = Buffer.from(body).indexOf('ok??')
  body.set([0xff, 0xc0], at + 2)
  t.equal(await post('traces', body), 200)
  const names = ['__proto__', 'constructor', 'prototype', 'hasOwnProperty', 'toString', '']
  const json = JSON.stringify({
    resourceLogs: [
      {
        resource: { attributes: names.map((name) => attribute(name, name)) },
        scopeLogs: [
          {
            logRecords: [
              {
                body: { kvlistValue: { values: names.map((name) => attribute(name, name)) } },
                attributes: names.map((name) => attribute(name, name)),
              },
              { body: { stringValue: 'LONE' } },
            ],
          },
        ],
      },
    ],
  }).replace('LONE', '\\ud800')
  t.equal(await post('logs', json, 'application/json'), 200)
  await isAsGoodAsBefore()
  const lines = readFileSync(join(agent.folder, 'out.json'), 'utf8').trim().split('\n')
  const file = lines.map((line) => JSON.stringify(JSON.parse(line)))
  t.ok(file.some((line) => line.includes('"ok\ufffd\ufffd"')))
  t.ok(file.some((line) => line.includes('a\\u0000b\\u001b[31m\\r\\nc')))
  t.ok(file.some((line) => line.includes('{"stringValue":"\ufffd"}')))
  for (const name of names.slice(1))
    t.ok(
      file.some((line) => line.includes(`{"key":"${name}","value":{"stringValue":"${name}"}}`)),
      name,
    )
  t.ok(destination.requests.length > 0)
  t.equal((await agent.end()).code, 0)
})
