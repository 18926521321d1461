import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { test } from 'tap'
import * as v from 'valibot'
import { RetryableError } from '../../../src/contract/index.ts'
import { config } from '../../../src/receivers/awsemf/config.ts'
import { settle, testHost } from '../../../src/testing/index.ts'
import { until } from '../../kit/until.ts'
import { directive, emf, start } from './rig.ts'

const line = (value: unknown, members: object = {}): string =>
  emf(directive([{ Name: 'm' }], [['Service']]), { Service: 'order', m: value, ...members })

test('lines over TCP become log records and points', async (t) => {
  const { send, arrived, bodies, metrics, refused } = await start(t)
  const lines = [1, 2, 3].map((value) => line(value))
  await send(...lines)
  await arrived(3)
  t.same(bodies(), lines)
  await until(() => metrics.items === 3)
  t.same(refused, [])
})

test('packets over UDP have one line or several, with or without a line feed behind', async (t) => {
  const { packet, arrived, bodies, metrics } = await start(t)
  const [a, b, c] = [line(1), line(2), line(3)]
  await packet(a)
  await packet(`${b}\r\n${c}\n`)
  await arrived(3)
  t.same(bodies().toSorted(), [a, b, c].toSorted())
  await until(() => metrics.items === 3)
})

test('packets that the kernel had no room for are counted, where it counts them', async (t) => {
  const { packet, arrived, lostPackets, udpPort } = await start(t, { config: { socket_buffer_size: 4096 } })
  await packet(line(1))
  await arrived(1)
  const counted = await lostPackets()
  if (counted === undefined) return t.pass('nobody counts them here')
  t.equal(counted, 0)
  // The event loop is not free before all of them are there.
  const socket = createSocket('udp4')
  const bytes = Buffer.from(line(1, { text: 'x'.repeat(8000) }))
  t.teardown(() => socket.close())
  for (let i = 0; i < 200; i++) socket.send(bytes, udpPort, '127.0.0.1')
  while (Number(await lostPackets()) === 0) await settle()
  t.ok(Number(await lostPackets()) > 0)
})

test('it feeds what there is a pipeline for', async (t) => {
  const onlyMetrics = await start(t, { signals: ['metrics'] })
  await onlyMetrics.send(line(1))
  await until(() => onlyMetrics.metrics.items === 1)
  const onlyLogs = await start(t, { signals: ['logs'] })
  await onlyLogs.send(line('no number'))
  await onlyLogs.arrived(1)
  t.same(onlyLogs.refusedMetrics, [], 'what is wrong with metrics is nothing to who only wants lines')
})

test('a line may come in any pieces, and the last one needs no line feed', async (t) => {
  const { connect, arrived, bodies } = await start(t)
  const lines = [line(1), line('größer ☃'), line([1, 2])]
  const bytes = Buffer.from(lines.join('\n'))
  const socket = await connect()
  socket.setNoDelay(true)
  for (let at = 0; at < bytes.length; at += 7) {
    socket.write(bytes.subarray(at, at + 7))
    await settle()
  }
  socket.end()
  await arrived(3)
  t.same(bodies(), lines)
})

test('what is no line of the format is counted, and the next good line is taken', async (t) => {
  const { send, packet, arrived, refused, refusedMetrics, settings } = await start(t)
  await send('{"truncated": ', '\u0000\u0001\ufffd binary', '[]', '{"message":"hello"}', '', '   ', line('x'), line(1))
  await packet(Buffer.from([0xff, 0xfe, 0x00, 0x80]))
  await arrived(2)
  await until(() => refused.length === 5)
  t.same(refused.toSorted(), ['bad_json', 'bad_json', 'bad_json', 'bad_json', 'not_emf'])
  t.same(refusedMetrics, ['bad_value'])
  t.match(settings.lines, [
    { level: 'warn', message: 'lines are not taken', fields: { lines: 1, reason: 'bad_json' } },
    { level: 'warn', message: 'metrics of lines are not taken', fields: { metrics: 1, reason: 'bad_value' } },
  ])
  t.equal(settings.lines.length, 2, 'not a line for each')
})

test('a line that is too long is skipped up to its end', async (t) => {
  const { send, packet, connect, arrived, bodies, refused, settings } = await start(t, {
    config: { max_line_size: 1024 },
  })
  const good = line(1)
  const long = line(1, { text: 'x'.repeat(2000) })
  await send(good, long, good, 'y'.repeat(200_000), good)
  await packet(long)
  const socket = await connect()
  socket.end('z'.repeat(500_000))
  await once(socket, 'close')
  await arrived(3)
  await until(() => refused.length === 4)
  t.same(bodies(), [good, good, good])
  t.same(refused, ['line_too_long', 'line_too_long', 'line_too_long', 'line_too_long'])
  t.equal(settings.memory.heldBytes, 0)
})

test('a line of nearly a megabyte is taken whole', async (t) => {
  const { send, arrived, bodies } = await start(t)
  const large = line(1, { text: '☃'.repeat(340_000) })
  await send(large)
  await arrived(1)
  t.equal(bodies()[0], large)
})

test('who does not finish a line in time is turned away, who says nothing is not', async (t) => {
  const { connect, refused, settings, arrived } = await start(t, { config: { line_timeout: '10s' } })
  const silent = await connect()
  const slow = await connect()
  const closed = once(slow, 'close')
  slow.write('{"_aws":')
  await until(() => settings.memory.heldBytes > 0)
  await settings.clock.advance(9000)
  slow.write('{')
  await settle()
  await settings.clock.advance(9000)
  await closed
  t.same(refused, ['too_slow'])
  t.equal(settings.memory.heldBytes, 0)
  silent.write(`${line(1)}\n`)
  await arrived(1)
  await settings.clock.advance(60_000)
  silent.write(`${line(2)}\n`)
  await arrived(2)
  silent.destroy()
})

test('a connection that breaks inside of a line is counted', async (t) => {
  const { connect, refused, settings, arrived } = await start(t)
  const socket = await connect()
  socket.write(`${line(1)}\n{"_aws"`)
  await arrived(1)
  await until(() => settings.memory.heldBytes > 0)
  socket.resetAndDestroy()
  await until(() => refused.length === 1)
  t.same(refused, ['incomplete_line'])
  t.equal(settings.memory.heldBytes, 0)
})

test('one client too many is turned away, and the others are served', async (t) => {
  const { connect, refused, arrived, settings } = await start(t, { config: { max_connections: 2 } })
  const silent = await connect()
  const [first, second] = [await connect(), await connect()]
  await until(() => silent.destroyed)
  t.same(refused, ['too_many_connections'], 'who has said nothing gives way')
  first.write(`${line(1)}\n`)
  second.write(`${line(2)}\n`)
  await arrived(2)
  const fourth = await connect()
  await until(() => fourth.destroyed)
  t.equal(refused.length, 2)
  await settings.clock.advance(10_000)
  second.write(`${line(3)}\n`)
  await arrived(3)
  const fifth = await connect()
  await until(() => first.destroyed)
  t.equal(refused.length, 3, 'the one that was quiet gave way')
  fifth.end(`${line(4)}\n`)
  second.end(`${line(5)}\n`)
  await arrived(5)
  t.equal(refused.length, 3)
})

test('what a pipeline refuses is offered again, until it is taken', async (t) => {
  const { send, packet, arrived, logs, settings } = await start(t, { signals: ['logs'] })
  logs.refuse()
  await send(line(1))
  await packet(line(2))
  await until(() => settings.memory.heldChunks >= 1)
  t.equal(logs.items, 0)
  logs.refuseWith = undefined
  for (let i = 0; i < 5; i++) await settings.clock.advance(5000)
  await arrived(2)
  t.equal(settings.ledger('logs').droppedItems, 0)
})

test('TCP clients wait while the memory limiter refuses, packets are counted and lost', async (t) => {
  let isFull = true
  const host = testHost({
    admit() {
      if (isFull) throw new RetryableError('memory is full', { waitMs: 3000 })
    },
  })
  const { connect, packet, refused, arrived, bodies, settings } = await start(t, { host })
  const socket = await connect()
  socket.write(`${line(1)}\n${line(2)}\n`)
  await packet(line(3))
  await until(() => refused.length === 1 && settings.clock.pending > 0)
  t.same(refused, ['no_memory'])
  isFull = false
  await settings.clock.advance(3000)
  await arrived(2)
  t.same(bodies(), [line(1), line(2)])
  socket.end(`${line(4)}\n`)
  await arrived(3)
})

test('what has been received is handed on when it stops, and what is lost is counted', async (t) => {
  const { connect, packet, logs, settings, stop, arrived } = await start(t, { signals: ['logs'] })
  const socket = await connect()
  socket.write(`${line(1)}\n`)
  await packet(line(2))
  await arrived(2)
  logs.refuse()
  socket.write(`${line(3)}\n`)
  await until(() => settings.memory.heldChunks === 1)
  await stop()
  await stop()
  t.same(Object.fromEntries(settings.ledger('logs').droppedByReason), { shutdown: 1 })
  t.equal(settings.ledger('logs').held, 0)
  t.equal(settings.memory.heldBytes, 0)
})

test('a port that is taken is an error that says so, and leaves nothing open', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  await t.rejects(start(t, { config: { endpoint: `127.0.0.1:${port}`, transports: ['udp', 'tcp'] } }), {
    message: new RegExp(`127.0.0.1:${port} is in use`),
  })
  const again = await start(t, { config: { endpoint: `127.0.0.1:${port}`, transports: ['udp'] } })
  t.same(again.receiver.endpoints, [`udp://127.0.0.1:${port}`])
})

test('settings that cannot work are refused with what is wrong', async (t) => {
  const problem = (of: object): string | undefined => v.safeParse(config, of).issues?.[0].message
  t.equal(problem({}), undefined)
  t.match(problem({ endpoint: '/run/emf.sock' }), /must be host:port/)
  t.match(problem({ endpoint: 'localhost:99999' }), /must be host:port/)
  t.match(problem({ transports: [] }), /tcp or udp/)
  t.match(problem({ transports: ['unix'] }), /must be one of/)
  t.match(problem({ max_line_size: 10 }), /at least 1024/)
  t.match(problem({ max_connections: 0 }), /at least 1/)
  const { socket_buffer_size, line_timeout } = v.parse(config, {})
  t.same([socket_buffer_size, line_timeout], [0, 30_000])
})
