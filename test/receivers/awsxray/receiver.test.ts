import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { test } from 'tap'
import * as v from 'valibot'
import { shareRecorder, TelemetryRecorder } from '../../../src/aws/xray/recorder.ts'
import { PermanentError, RetryableError } from '../../../src/contract/index.ts'
import { config } from '../../../src/receivers/awsxray/config.ts'
import awsxray from '../../../src/receivers/awsxray/index.ts'
import { AwsXrayReceiver } from '../../../src/receivers/awsxray/receiver.ts'
import { settle, testHost, testSettings } from '../../../src/testing/index.ts'
import { countingMeter } from '../../kit/receiver.ts'
import { until } from '../../kit/until.ts'
import { datagram, HEADER, segment, startXray } from './kit.ts'

const onFreePort = { proxy_server: { endpoint: '127.0.0.1:0', region: 'eu-west-1' } }

test('segments that come over UDP are spans', async (t) => {
  const xray = await startXray(t)
  await xray.send(datagram(segment), datagram({ ...segment, id: '1111111111111111', name: 'payment' }))
  await until(() => xray.sink.items === 2)
  t.match(xray.spans(), [
    { name: 'order-service', resource: { 'service.name': 'order-service' } },
    { name: 'payment', resource: { 'service.name': 'payment' } },
  ])
  t.match(xray.sink.contexts[0], { transport: 'udp', clientAddress: '127.0.0.1' })
  t.equal(xray.host.admittedBytes, 0)
  t.equal(xray.settings.memory.heldBytes, 0)
  t.strictSame([...xray.rejected], [])
})

test('the header may be written in any way that JSON can be', async (t) => {
  const xray = await startXray(t)
  const document = JSON.stringify(segment)
  const headers = [
    '{"format": "json", "version": 1}\n',
    '{"version":1,"format":"JSON"}\n',
    '{ "format" : "json", "version" : 1, "more" : [true] }\r\n',
  ]
  await xray.send(...headers.map((header) => `${header}\n ${document}\n`))
  await until(() => xray.sink.items === headers.length)
  t.strictSame([...xray.rejected], [])
})

test('what is no datagram of an SDK is counted by reason, told once for each, and costs the others nothing', async (t) => {
  const xray = await startXray(t)
  const document = JSON.stringify(segment)
  const bad = {
    bad_header: [
      '',
      document,
      'x',
      '\n',
      `\n${document}`,
      `{"format":"json"}\n${document}`,
      `{"version":1}\n${document}`,
      `{"format":"json","version":2}\n${document}`,
      `{"format":"json","version":"1"}\n${document}`,
      `{"format":"xml","version":1}\n${document}`,
      `{"format":5,"version":1}\n${document}`,
      `["json",1]\n${document}`,
      `{"format":"json","version":1}${document}`,
      `{"format":"json","version":1\n${document}`,
      `${' '.repeat(2000)}${HEADER}${document}`,
      Buffer.alloc(65_507),
      Buffer.from([0xff, 0xfe, 0x0a, 0x00]),
    ],
    missing_segment: [HEADER, `${HEADER.trimEnd()}\n\n \t\r\n`],
    malformed: [
      `${HEADER}{`,
      `${HEADER}${document}}`,
      `${HEADER}[]`,
      `${HEADER}{}`,
      `${HEADER}null`,
      datagram({ ...segment, id: 'x' }),
      datagram({ ...segment, trace_id: undefined }),
      datagram(document).slice(0, -10),
      HEADER + '{"a":'.repeat(13_000),
      HEADER + '['.repeat(65_000),
    ],
  }
  for (const [reason, datagrams] of Object.entries(bad)) {
    await xray.send(...datagrams)
    await until(() => xray.rejected.get(reason) === datagrams.length)
  }
  await xray.send(datagram(segment))
  await until(() => xray.sink.items === 1)
  t.strictSame(Object.fromEntries(xray.rejected), { bad_header: 17, missing_segment: 2, malformed: 10 })
  t.match(
    xray.settings.lines.filter(({ message }) => message === 'segments are not taken'),
    [
      { level: 'warn', fields: { datagrams: 1, reason: 'bad_header', hint: /begins with the line/ } },
      { level: 'warn', fields: { datagrams: 1, reason: 'missing_segment', hint: /follows the header/ } },
      {
        level: 'warn',
        fields: { datagrams: 1, reason: 'malformed', error: /ends where a string should be/, example: '{' },
      },
    ],
  )
})

test('after a while the others that were not taken are told with their number, and what is left at the end', async (t) => {
  const xray = await startXray(t)
  const told = () => xray.settings.lines.filter(({ message }) => message === 'segments are not taken')
  const wrong = datagram({ ...segment, id: `${'long '.repeat(1000)}` })
  await xray.send(wrong, wrong, wrong)
  await until(() => xray.rejected.get('malformed') === 3)
  t.equal(told().length, 1)
  await xray.settings.clock.advance(60_000)
  t.match(told()[1], { fields: { datagrams: 2, reason: 'malformed', error: /^id: must be 16 hexadecimal digits/ } })
  t.ok(JSON.stringify(told()[1]).length < 700)
  await xray.settings.clock.advance(60_000)
  await xray.send('a', 'b')
  await until(() => xray.rejected.get('bad_header') === 2)
  t.match(told()[2], { fields: { datagrams: 1, reason: 'bad_header', example: 'a' } })
  await xray.stop()
  t.match(told()[3], { fields: { datagrams: 1, reason: 'bad_header', example: 'b' } })
  t.equal(told().length, 4)
})

test('a segment as large as a datagram can be is taken', async (t) => {
  const xray = await startXray(t)
  const room = 65_507 - datagram({ ...segment, metadata: { default: { a: '' } } }).length
  await xray.send(datagram({ ...segment, metadata: { default: { a: 'x'.repeat(room) } } }))
  await until(() => xray.sink.items === 1)
  t.equal(String(xray.spans()[0]!.attributes['aws.xray.metadata.default']).length, room + '{"a":""}'.length)
})

test('a datagram that was cut is counted as such', async (t) => {
  const { meter, counts } = countingMeter('reason')
  const receiver = new AwsXrayReceiver(v.parse(config, {}), testSettings({ meter }), {})
  const bytes = Buffer.from(datagram(segment))
  receiver.onTruncated()
  receiver.onDatagram(bytes, 0, bytes.length - 10, { address: '127.0.0.1', port: 1 })
  t.strictSame([...counts], [['truncated', 1]])
})

test('what the kernel had no room for is counted and told', async (t) => {
  const xray = await startXray(t)
  const sent = 60
  const large = datagram({ ...segment, metadata: { default: { a: 'x'.repeat(60_000) } } })
  const sender = createSocket('udp4')
  t.teardown(() => sender.close())
  await new Promise<void>((resolve) => {
    let left = sent
    for (let i = 0; i < sent; i++) sender.send(large, xray.udpPort, '127.0.0.1', () => --left === 0 && resolve())
  })
  const lost = (): number =>
    xray.settings.lines
      .filter(({ message }) => message.startsWith('segments lost'))
      .reduce((sum, { fields }) => sum + (fields as { packets: number }).packets, 0)
  while (xray.sink.items + lost() < sent) {
    await xray.settings.clock.advance(60_000)
    await new Promise((resolve) => setImmediate(resolve))
  }
  t.equal(xray.sink.items + lost(), sent)
})

test('a segment longer than a datagram never leaves its sender; its parts, sent alone, are taken', async (t) => {
  const xray = await startXray(t)
  const large = { ...segment, metadata: { default: { a: 'x'.repeat(65_507) } } }
  await t.rejects(xray.send(datagram(large)), { code: 'EMSGSIZE' })
  const part = { id: '1111111111111111', name: 'part', start_time: 1, end_time: 2, type: 'subsegment' }
  await xray.send(datagram({ ...part, trace_id: segment.trace_id, parent_id: segment.id }), datagram(segment))
  await until(() => xray.sink.items === 2)
  t.strictSame([...xray.rejected], [])
})

test('times that cannot be are taken as they are: X-Ray decides', async (t) => {
  const xray = await startXray(t)
  const documents = [
    { ...segment, start_time: 2_000_000_000, end_time: 1_000_000_000 },
    { ...segment, start_time: 9_000_000_000, end_time: 9_000_000_001 },
    { ...segment, end_time: undefined, in_progress: true },
    { ...segment, end_time: undefined },
  ]
  await xray.send(...documents.map(datagram))
  await until(() => xray.sink.items === documents.length)
  t.strictSame(
    xray.spans().map(({ start, end }) => [start, end]),
    [
      ['2000000000000000000', '1000000000000000000'],
      ['9000000000000000000', '9000000001000000000'],
      ['1478293361271449000', '0'],
      ['1478293361271449000', '0'],
    ],
  )
})

test('nobody is ever answered over UDP', async (t) => {
  const xray = await startXray(t)
  const sender = createSocket('udp4').bind(0, '127.0.0.1')
  t.teardown(() => sender.close())
  await once(sender, 'listening')
  let answers = 0
  sender.on('message', () => answers++)
  for (const text of ['', 'x', HEADER, datagram('{'), datagram(segment)]) sender.send(text, xray.udpPort, '127.0.0.1')
  await until(() => xray.sink.items === 1)
  await settle()
  t.equal(answers, 0)
})

test('a flood is taken whole, in few batches', async (t) => {
  const xray = await startXray(t)
  const sender = createSocket('udp4')
  t.teardown(() => sender.close())
  const rounds = 100
  const each = 20
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < each; i++) {
      const id = (round * each + i + 1).toString(16).padStart(16, '0')
      sender.send(datagram({ ...segment, id }), xray.udpPort, '127.0.0.1')
    }
    await until(() => xray.sink.items === (round + 1) * each)
  }
  const ids = new Set(xray.spans().map(({ spanId }) => spanId))
  t.equal(ids.size, rounds * each)
  t.ok(xray.sink.batches.length < rounds * each, `${xray.sink.batches.length} batches`)
})

test('when there is no memory a datagram is refused before it is decoded, and counted', async (t) => {
  const host = testHost({
    admit() {
      throw new RetryableError('no room', { reason: 'memory_limit' })
    },
  })
  const xray = await startXray(t, {}, { host })
  await xray.send(datagram(segment))
  await until(() => xray.rejected.get('memory_limit') === 1)
  t.equal(xray.sink.items, 0)
})

test('an exporter that tells X-Ray about its work has the numbers of the receiver', async (t) => {
  const settings = testSettings({ id: 'awsxray' })
  const recorder = new TelemetryRecorder()
  shareRecorder(settings, ['awsxray'], recorder)
  const receiver = new AwsXrayReceiver(v.parse(config, { endpoint: '127.0.0.1:0', ...onFreePort }), settings, {})
  let isFull = false
  const admit = (): void => {
    if (isFull) throw new RetryableError('no room')
  }
  await receiver.start(testHost({ admit }))
  t.teardown(() => receiver.stop(AbortSignal.abort()))
  const take = (text: string): void => {
    receiver.onDatagram(Buffer.from(text), 0, Buffer.byteLength(text), { address: '127.0.0.1', port: 1 })
  }
  const part = { name: 'x', id: '1111111111111111', start_time: 1 }
  take(datagram({ ...segment, subsegments: [part, part] }))
  take('x')
  take(datagram('{'))
  isFull = true
  take(datagram(segment))
  t.match(recorder.take(0), { SegmentsReceivedCount: 6, SegmentsRejectedCount: 2, SegmentsSpilloverCount: 1 })
})

test('a pipeline that refuses is asked again; nobody else would', async (t) => {
  let tries = 0
  const xray = await startXray(
    t,
    {},
    {
      async consume(batch) {
        tries++
        if (tries < 3) throw new RetryableError('later')
        xray.sink.batches.push(batch)
      },
    },
  )
  await xray.send(datagram(segment))
  await until(() => tries === 1)
  t.ok(xray.settings.memory.heldBytes > 0)
  await xray.settings.clock.advance(60_000)
  await until(() => xray.sink.items === 1)
  t.equal(xray.settings.memory.heldBytes, 0)
})

test('what a pipeline refuses for good is told', async (t) => {
  const xray = await startXray(
    t,
    {},
    {
      async consume() {
        throw new PermanentError('never')
      },
    },
  )
  await xray.send(datagram(segment))
  await until(() => xray.settings.lines.some(({ level }) => level === 'error'))
  await settle()
  t.equal(xray.settings.memory.heldBytes, 0)
})

test('stopping hands on what has come, and lets go of the ports', async (t) => {
  const xray = await startXray(t)
  await xray.send(datagram(segment))
  await until(() => xray.sink.items === 1)
  await xray.stop()
  await xray.stop()
  const again = createSocket('udp4').bind(xray.udpPort, '127.0.0.1')
  await once(again, 'listening')
  again.close()
  await t.rejects(fetch(xray.tcpUrl))
})

test('what is still refused when time is up is lost, and counted', async (t) => {
  const xray = await startXray(
    t,
    {},
    {
      async consume() {
        throw new RetryableError('later')
      },
    },
  )
  await xray.send(datagram(segment))
  await until(() => xray.settings.memory.heldBytes > 0)
  await xray.stop(AbortSignal.abort())
  await settle()
  t.equal(xray.settings.memory.heldBytes, 0)
  const ledger = xray.settings.ledger('traces')
  t.equal(ledger.held, 0)
})

test('a port that is taken is an error that says so, and the other port is let go', async (t) => {
  const xray = await startXray(t)
  const on = (yaml: object) =>
    awsxray.create(v.parse(awsxray.config, yaml), xray.settings, { traces: xray.sink.consume })
  const proxy_server = { endpoint: '127.0.0.1:0', region: 'eu-west-1' }
  const second = on({ endpoint: `127.0.0.1:${xray.udpPort}`, proxy_server })
  await t.rejects(second.start!(testHost()), { message: /is in use: another process listens there/ })
  const tcpPort = Number(xray.tcpUrl.split(':').at(-1))
  const third = on({ endpoint: '127.0.0.1:0', proxy_server: { ...proxy_server, endpoint: `127.0.0.1:${tcpPort}` } })
  await t.rejects(third.start!(testHost()), { message: /is in use/ })
  await second.stop!(AbortSignal.abort())
  await third.stop!(AbortSignal.abort())
})

test('IPv6, names and every interface work', async (t) => {
  const six = await startXray(t, { endpoint: '[::1]:0', transport: 'udp6' })
  const sender = createSocket('udp6')
  t.teardown(() => sender.close())
  sender.send(datagram(segment), six.udpPort, '::1')
  await until(() => six.sink.items === 1)
  t.match(six.sink.contexts[0], { clientAddress: '::1' })
  const all = await startXray(t, { endpoint: '0.0.0.0:0', dialer: { timeout: '1s' } })
  t.match(all.settings.lines, [{ message: /has no effect/, fields: { setting: 'dialer' } }])
  await all.send(datagram(segment))
  await until(() => all.sink.items === 1)
  const both = await startXray(t, { endpoint: ':0' })
  await both.send(datagram(segment))
  await until(() => both.sink.items === 1)
  t.match(both.sink.contexts[0], { clientAddress: '127.0.0.1' })
  const four = await startXray(t, { endpoint: 'localhost:0', transport: 'udp4' })
  await four.send(datagram(segment))
  await until(() => four.sink.items === 1)
})

test('segments of several senders are told apart', async (t) => {
  const xray = await startXray(t)
  const other = createSocket('udp4').bind(0, '127.0.0.2')
  t.teardown(() => other.close())
  await once(other, 'listening')
  await xray.send(datagram(segment))
  other.send(datagram(segment), xray.udpPort, '127.0.0.1')
  await until(() => xray.sink.items === 2)
  t.strictSame(xray.sink.contexts.map(({ clientAddress }) => clientAddress).toSorted(), ['127.0.0.1', '127.0.0.2'])
})

test('settings that cannot be are errors', async (t) => {
  for (const [wrong, message] of [
    [{ endpoint: '/run/xray.sock' }, /SDKs send segments over UDP/],
    [{ endpoint: 'nowhere' }, /the port is missing/],
    [{ transport: 'tcp' }, /must be one of udp, udp4, udp6/],
    [{ proxy_server: { region: 'EU WEST' } }, /must be the name of a region/],
    [{ proxy_servr: {} }, /proxy_servr/],
  ] as const) {
    const parsed = v.safeParse(awsxray.config as v.GenericSchema, wrong)
    t.match(JSON.stringify(parsed.issues?.map((issue) => [issue.message, v.getDotPath(issue)])), message)
  }
})
