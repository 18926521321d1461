// What happens to bad input, to too much of it, and when nobody takes what is handed on.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { test } from 'tap'
import { PermanentError } from '../../../src/contract/index.ts'
import { settle } from '../../../src/testing/index.ts'
import { seeded } from '../../data/random.ts'
import { until } from '../../kit/until.ts'
import { running } from './kit.ts'

test('a bad line is refused by its reason, and the next one is taken', async (t) => {
  const bad = {
    no_type: ['a', 'a:1', 'a|1|c', '|'],
    no_name: [':1|c', ':'],
    no_value: ['a:|c'],
    bad_type: ['a:1|x', 'a:1|', 'a:1|cc', 'a:1|mz', 'a:1|C'],
    bad_value: [
      'a:1e999|g',
      'a:NaN|c',
      'a:inf|c',
      'a:-Infinity|g',
      'a:x|ms',
      'a:1 2|c',
      'a:0x10|c',
      'a:.|c',
      'a:-|g',
      'a:1_000|c',
      `a:${'9'.repeat(500)}|c`,
    ],
    bad_sample_rate: ['a:1|c|@0', 'a:1|c|@-1', 'a:1|c|@2', 'a:1|c|@', 'a:1|c|@x', 'a:1|c|@NaN'],
    bad_tag: ['a:1|c|#:v', 'a:1|c|#k', 'a:1|c|#k:'],
    bad_timestamp: ['a:1|c|Tx', 'a:1|ms|T1', 'a:1|c|T', 'a:1|c|T-1', 'a:1|c|T99999999999'],
    unknown_part: ['a:1|c|?', 'a:1|c|@1|what', 'a:1|c|C:1'],
  }
  const receiver = await running(t)
  for (const lines of Object.values(bad)) for (const line of lines) await receiver.send(`${line}\nfine:1|c`)
  const counts = Object.fromEntries(Object.entries(bad).map(([reason, lines]) => [reason, lines.length]))
  t.same(Object.fromEntries(receiver.refused), counts)
  const points = await receiver.flush()
  t.equal(points.length, Object.values(bad).flat().length, 'each packet came from a port of its own')
  t.ok(points.every(({ name, asInt }) => name === 'fine' && asInt === '1'))
  await receiver.send('late')
  const told = receiver.settings.lines.filter(({ message }) => message === 'lines are not taken')
  t.match(
    told.map(({ fields }) => fields),
    [
      { lines: 1, reason: 'no_type', example: 'a' },
      { lines: Object.values(bad).flat().length, reason: 'no_type', example: 'late' },
    ],
    'at once, and then once a minute',
  )
})

test('the largest datagram, ten thousand lines, ten thousand tags', async (t) => {
  const receiver = await running(t, { ignore_host: true })
  const line = 'a:1|c|#pad:'
  await receiver.send(line + 'x'.repeat(65_507 - line.length), Array.from({ length: 9000 }, () => 'b:1|c').join('\n'))
  const tags = (count: number): string => Array.from({ length: count }, (_, i) => `t${i}:v`).join()
  await receiver.send(`c:1|c|#${tags(7000)}`, `d:1|c|#${tags(1000)}`)
  t.match(await receiver.flush(), [
    { name: 'a', asInt: '1' },
    { name: 'b', asInt: '9000' },
    { name: 'd', asInt: '1' },
  ])
  t.same(Object.fromEntries(receiver.refused), { too_many_tags: 1 })
})

test('bytes at random never break it', async (t) => {
  const receiver = await running(t, { ignore_host: true, enable_simple_tags: true })
  const random = seeded(7)
  const alphabet = [...'abc:|@#,.0123456789-+eT\n_{}csgmhd', '\0', '\xff', '✓']
  const packets = Array.from({ length: 3000 }, () =>
    Buffer.from(
      Array.from({ length: 1 + random(60) }, () => alphabet[random(alphabet.length)]).join(''),
      random(2) === 0 ? 'utf8' : 'latin1',
    ),
  )
  await receiver.send(...packets)
  await receiver.send('after:1|c')
  t.ok((await receiver.flush()).some(({ name }) => name === 'after'))
  t.ok(packets.length > 0)
})

test('packets that the kernel had no room for are told', { skip: process.platform !== 'linux' }, async (t) => {
  const receiver = await running(t, { socket_buffer_size: 4096 })
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  // In one turn of the event loop: nobody reads meanwhile.
  for (let i = 0; i < 500; i++) socket.send(`a:1|c|#pad:${'x'.repeat(1000)}`, receiver.port, '127.0.0.1')
  await until(() => receiver.lines().taken > 0)
  await receiver.send('end:1|c')
  await receiver.flush()
  const told = (): object | undefined => receiver.settings.lines.find(({ message }) => /packets lost/.test(message))
  await until(() => told() !== undefined)
  t.match(told(), { level: 'error', fields: { packets: 501 - receiver.lines().taken } })
  socket.close()
})

test('series beyond the memory that the interval may take end it early, and nothing is lost', async (t) => {
  const receiver = await running(t, { aggregation_limit: '100KiB', ignore_host: true })
  const lines = 2000
  for (let i = 0; i < lines; i += 50)
    await receiver.send(Array.from({ length: 50 }, (_, k) => `hits:1|c|#page:${i + k}`).join('\n'))
  await receiver.flush()
  t.ok(receiver.sink.batches.length > 5, `${receiver.sink.batches.length} batches`)
  t.equal(receiver.sink.items, lines)
  t.same(receiver.lines(), { taken: lines, refused: 0 })
})

test('samples of a summary end it early as well', async (t) => {
  const receiver = await running(t, {
    aggregation_limit: '64KiB',
    timer_histogram_mapping: [{ statsd_type: 'timer', observer_type: 'summary' }],
  })
  await receiver.send(Array.from({ length: 8000 }, () => 'a:1|ms').join('\n'))
  const counts: number[] = []
  await receiver.flush()
  for (const batch of receiver.sink.batches) batch.visit({ onPoint: (point) => void counts.push(Number(point.count)) })
  t.equal(
    counts.reduce((sum, count) => sum + count, 0),
    8000,
  )
})

test('samples that are points need not wait for the end of the interval', async (t) => {
  const receiver = await running(t)
  const lines = Array.from({ length: 5000 }, (_, i) => `a:${i % 10}|ms`).join('\n')
  await receiver.send('before:1|c', lines, lines)
  await settle()
  t.equal(receiver.sink.items, 10_000, 'the samples, not the counter')
  t.match(await receiver.flush(), [{ name: 'before', asInt: '1' }])
})

test('what the pipeline refuses is offered again', async (t) => {
  const receiver = await running(t)
  receiver.sink.refuse()
  await receiver.send('a:1|c')
  await receiver.flush()
  t.equal(receiver.sink.items, 0)
  t.ok(receiver.settings.memory.heldBytes > 0)
  receiver.sink.refuseWith = undefined
  await receiver.send('b:1|c')
  await receiver.flush()
  t.equal(receiver.sink.items, 2)
  t.equal(receiver.settings.memory.heldBytes, 0)
})

test('what the pipeline refuses for good is told', async (t) => {
  const receiver = await running(t)
  receiver.sink.refuseWith = new PermanentError('no such thing', { reason: 'bad' })
  await receiver.send('a:1|c')
  await receiver.flush()
  t.match(receiver.settings.lines, [{ level: 'error', message: /data lost/, fields: { items: 1, reason: 'bad' } }])
  t.equal(receiver.settings.memory.heldBytes, 0)
})

test('a stop hands on what the interval has so far', async (t) => {
  const receiver = await running(t)
  await receiver.send('a:1|c')
  await receiver.stop()
  t.equal(receiver.sink.items, 1)
})

test('a stop that must not wait counts what nobody took', async (t) => {
  const receiver = await running(t)
  receiver.sink.refuse()
  await receiver.send('a:1|c')
  await receiver.flush()
  await receiver.send('b:1|c')
  await receiver.stop()
  const ledger = receiver.settings.ledger('metrics')
  t.equal(ledger.held, 0)
  t.same(Object.fromEntries(ledger.droppedByReason), { shutdown: 2 })
  t.equal(receiver.settings.memory.heldBytes, 0)
})
