import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'tap'
import * as v from 'valibot'
import { kernel } from '../../../src/net/kernel.ts'
import { config } from '../../../src/receivers/statsd/config.ts'
import { sendUnixgram } from '../../kit/unixgram.ts'
import { until } from '../../kit/until.ts'
import { running, sendStream } from './kit.ts'

const withKernel = { skip: kernel() === undefined && 'this Node makes no system calls' }

test('each port is a sender of its own, unless the address or nothing at all is to tell them apart', async (t) => {
  for (const [settings, batches] of [
    [{}, 2],
    [{ enable_ip_only_aggregation: true }, 1],
    [{ ignore_host: true }, 1],
    [{ ignore_host: true, enable_ip_only_aggregation: true }, 1],
  ] as const) {
    const receiver = await running(t, settings)
    await receiver.send('a:1|c', 'a:1|c')
    await receiver.send('a:1|c')
    const points = await receiver.flush()
    t.equal(receiver.sink.batches.length, batches)
    t.equal(
      points.reduce((sum, { asInt }) => sum + Number(asInt), 0),
      3,
    )
    for (const { clientAddress, transport } of receiver.sink.contexts) {
      t.equal(clientAddress, settings === undefined || 'ignore_host' in settings ? undefined : '127.0.0.1')
      t.equal(transport, 'udp')
    }
  }
})

test('lines over TCP count however they are cut, the last one without its line break too', async (t) => {
  const receiver = await running(t, { transport: 'tcp', ignore_host: true })
  const lines = 'a:1|c\nb:2.5|g\r\n\nc:3|c|#k:v\na:4|c'
  for (const pieces of [[lines], [...lines], ['a:1', '|c\nb:2.5|g\nc:3|c|#k:v\na:4|c\n'], ['a:1|c\n']])
    await sendStream({ port: receiver.port }, pieces)
  await until(() => receiver.lines().taken === 13)
  t.match(await receiver.flush(), [
    { name: 'a', asInt: '16' },
    { name: 'b', asDouble: 2.5 },
    { name: 'c', asInt: '9', attributes: { k: 'v' } },
  ])
})

test('a line without an end costs itself alone, and no memory', async (t) => {
  const receiver = await running(t, { transport: 'tcp4' })
  await sendStream({ port: receiver.port }, ['a:1|c\n', 'x'.repeat(70_000), 'y'.repeat(3_000_000), '\nb:1|c\n'])
  await until(() => receiver.lines().taken === 2)
  t.match(await receiver.flush(), [{ name: 'a' }, { name: 'b' }])
  t.same(Object.fromEntries(receiver.refused), { line_too_long: 1 })
})

test('a connection that breaks off leaves what it had said', async (t) => {
  const receiver = await running(t, { transport: 'tcp' })
  const socket = connect(receiver.port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write('a:1|c\nb:1|')
  await until(() => receiver.lines().taken === 1)
  socket.resetAndDestroy()
  await sendStream({ port: receiver.port }, ['c:1|c\n'])
  await until(() => receiver.lines().taken === 2)
  t.match(await receiver.flush(), [{ name: 'a' }, { name: 'c' }])
})

test('lines over a unix socket, for whoever its permissions admit', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'statsd-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  const path = join(directory, 'socket')
  for (const [permissions, mode] of [
    [{}, 0o622],
    [{ socket_permissions: 0o660 }, 0o660],
  ] as const) {
    const receiver = await running(t, { transport: 'unix', endpoint: path, ...permissions })
    t.equal((await stat(path)).mode & 0o777, mode)
    await sendStream({ path }, ['a:1|c\nb:1', '|c\n'])
    await until(() => receiver.lines().taken === 2)
    t.match(await receiver.flush(), [{ name: 'a' }, { name: 'b' }])
    await receiver.stop()
    await t.rejects(stat(path), 'the socket goes with the receiver')
  }
})

test('packets over a unix socket, for whoever its permissions admit', withKernel, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'statsd-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  const path = join(directory, 'socket')
  const receiver = await running(t, { transport: 'unixgram', endpoint: path, socket_permissions: 0o602 })
  t.equal((await stat(path)).mode & 0o777, 0o602)
  sendUnixgram(path, Buffer.from('a:1|c\nb:2|c'))
  sendUnixgram(path, Buffer.from('a:1|c'))
  sendUnixgram(path, Buffer.concat([Buffer.from('c:1|c\n'), Buffer.alloc(70_000, 'x')]))
  await until(() => receiver.lines().taken === 4)
  t.match(await receiver.flush(), [{ name: 'a', asInt: '2' }, { name: 'b', asInt: '2' }, { name: 'c' }])
  t.equal(receiver.refused.get('truncated'), 1)
  t.equal(receiver.sink.contexts[0]!.clientAddress, undefined)
})

test('an address in use is told by name', async (t) => {
  const receiver = await running(t)
  await t.rejects(running(t, { endpoint: `127.0.0.1:${receiver.port}` }), /127\.0\.0\.1:\d+ is in use: another process/)
  const overTcp = await running(t, { transport: 'tcp' })
  await t.rejects(running(t, { transport: 'tcp', endpoint: `127.0.0.1:${overTcp.port}` }), /is in use/)
  await t.rejects(running(t, { transport: 'udp6', endpoint: '127.0.0.1:0' }), /127\.0\.0\.1 has no udp6 address/)
})

test('IPv6, and every interface of either kind', async (t) => {
  for (const [settings, from] of [
    [{ transport: 'udp', endpoint: ':0' }, '127.0.0.1'],
    [{ transport: 'udp4', endpoint: '0.0.0.0:0' }, '127.0.0.1'],
  ] as const) {
    const receiver = await running(t, settings)
    await receiver.send('a:1|c')
    await receiver.flush()
    t.equal(receiver.sink.contexts[0]?.clientAddress, from)
  }
})

test('the kernel keeps as many packets as it is asked to', async (t) => {
  for (const [socket_buffer_size, isEnough] of [
    [4096, false],
    [0, true],
  ] as const) {
    const receiver = await running(t, { socket_buffer_size })
    const socket = createSocket('udp4')
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    // In one turn of the event loop: nobody reads meanwhile.
    for (let i = 0; i < 500; i++) socket.send(`a:1|c|#pad:${'x'.repeat(1000)}`, receiver.port, '127.0.0.1')
    if (isEnough) await until(() => receiver.lines().taken === 500)
    else {
      await until(() => receiver.lines().taken > 0)
      await receiver.send('end:1|c')
      t.ok(receiver.lines().taken < 500, `${receiver.lines().taken} of 500`)
    }
    socket.close()
  }
})

test('what is for those who connect has no effect, and the log says so', async (t) => {
  const { settings } = await running(t, { dialer: { timeout: '1s' } })
  t.match(settings.lines, [{ level: 'info', fields: { setting: 'dialer' } }])
})

test('defaults are the collector’s, and mistakes are told', async (t) => {
  t.match(v.parse(config, {}), {
    endpoint: 'localhost:8125',
    transport: 'udp',
    aggregation_interval: 60_000,
    counter_type: 'int',
    socket_permissions: 0o622,
  })
  t.equal(v.parse(config, { transport: 'unix' }).endpoint, '/var/run/statsd-receiver.sock')
  const mistakes: readonly (readonly [object, RegExp])[] = [
    [{ endpoint: 'localhost' }, /must be host:port, such as localhost:8125: the port is missing/],
    [{ endpoint: '/run/x.sock' }, /must be host:port, as transport is udp/],
    [{ transport: 'unixgram', endpoint: 'localhost:1' }, /must be an absolute path/],
    [{ transport: 'sctp' }, /must be one of udp/],
    [{ aggregation_interval: '0s' }, /must be more than 0/],
    [{ counter_type: 'double' }, /must be one of/],
    [{ timer_histogram_mapping: [{ statsd_type: 'timer' }] }, /observer_type/],
    [{ timer_histogram_mapping: [{ statsd_type: 'counter', observer_type: 'gauge' }] }, /must be one of timer/],
    [mapping({ observer_type: 'gauge', histogram: { max_size: 100 } }), /need observer_type: histogram/],
    [mapping({ observer_type: 'gauge', summary: { percentiles: [1] } }), /need observer_type: summary/],
    [mapping({ observer_type: 'summary', summary: { percentiles: [101] } }), /at most 100/],
    [mapping({ observer_type: 'histogram', histogram: { max_size: 16_385 } }), /at most 16384/],
    [mapping({ observer_type: 'histogram', histogram: { max_size: 1 } }), /must be 0 or at least 2/],
    [
      mapping({
        observer_type: 'histogram',
        histogram: { explicit_buckets: [{ matcher_pattern: '(', buckets: [1] }] },
      }),
      /./,
    ],
    [
      mapping({ observer_type: 'histogram', histogram: { explicit_buckets: [{ matcher_pattern: 'a', buckets: [] }] } }),
      /at least one/,
    ],
    [
      mapping({
        observer_type: 'histogram',
        histogram: { explicit_buckets: [{ matcher_pattern: 'a', buckets: [2, 1] }] },
      }),
      /ascending/,
    ],
  ]
  for (const [yaml, message] of mistakes) {
    const { issues } = v.safeParse(config, yaml)
    t.match(
      issues?.map((issue) => `${v.getDotPath(issue)}: ${issue.message}`).join('; '),
      message,
      JSON.stringify(yaml),
    )
  }
})

const mapping = (more: object): object => ({ timer_histogram_mapping: [{ statsd_type: 'timer', ...more }] })
