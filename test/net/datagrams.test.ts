import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import {
  type DatagramListener,
  type DatagramSettings,
  listenForDatagrams,
  type Origin,
} from '../../src/net/datagrams.ts'
import { kernel } from '../../src/net/kernel.ts'
import { ManyDatagrams } from '../../src/net/many-datagrams.ts'
import { Origins } from '../../src/net/origins.ts'
import { openUdpSocket, portOf } from '../../src/net/raw-socket.ts'
import { sendUnixgram } from '../kit/unixgram.ts'
import { until } from '../kit/until.ts'

const withKernel = { skip: kernel() === undefined && 'this Node makes no system calls' }
const ways = kernel() === undefined ? [true] : [true, false]

interface Heard {
  readonly listener: DatagramListener
  readonly port: number
  readonly texts: string[]
  readonly origins: Origin[]
  truncated: number
}

async function hearing(t: Test, settings: Partial<DatagramSettings>): Promise<Heard> {
  const texts: string[] = []
  const origins: Origin[] = []
  const heard = { texts, origins, truncated: 0 }
  const listener = await listenForDatagrams(
    { endpoint: '127.0.0.1:0', transport: 'udp', bufferBytes: 4 * 1024 * 1024, ...settings },
    {
      onDatagram(bytes, start, end, origin) {
        texts.push(bytes.toString('latin1', start, end))
        origins.push(origin)
      },
      onTruncated: () => void heard.truncated++,
      onError: (error) => t.fail(error.message),
    },
  )
  t.teardown(() => listener.stop())
  return Object.assign(heard, { listener, port: Number(listener.endpoint.split(':').at(-1)) })
}

async function sender(t: Test, type: 'udp4' | 'udp6' = 'udp4', address = '127.0.0.1'): Promise<Socket> {
  const socket = createSocket(type)
  socket.bind(0, address)
  await once(socket, 'listening')
  t.teardown(() => socket.close())
  return socket
}

for (const isPlain of ways) {
  const way = isPlain ? 'one by one' : 'many at a time'

  test(`packets read ${way}: each whole, in order, with where it came from`, async (t) => {
    const heard = await hearing(t, { isPlain })
    const [a, b] = [await sender(t), await sender(t)]
    const texts = ['one', '', 'x'.repeat(65_507), 'two']
    for (const text of texts) a.send(text, heard.port, '127.0.0.1')
    await until(() => heard.texts.length === texts.length)
    t.same(heard.texts, texts)
    b.send('from another', heard.port, '127.0.0.1')
    await until(() => heard.texts.length === texts.length + 1)
    t.same(
      heard.origins.map(({ address, port }) => `${address}:${port}`),
      [...texts.map(() => `127.0.0.1:${a.address().port}`), `127.0.0.1:${b.address().port}`],
    )
    t.equal(heard.origins[1], heard.origins[3], 'the same sender is the same object')
  })

  test(`a flood read ${way}: none is lost, and quiet follows`, async (t) => {
    const heard = await hearing(t, { isPlain })
    const socket = await sender(t)
    let sent = 0
    for (let burst = 0; burst < 200; burst++) {
      for (let i = 0; i < 50; i++) socket.send(String(sent++), heard.port, '127.0.0.1')
      await until(() => heard.texts.length === sent)
    }
    t.same(
      heard.texts,
      Array.from({ length: sent }, (_, i) => String(i)),
    )
    t.equal(await heard.listener.lostPackets(), process.platform === 'linux' ? 0 : undefined)
    await heard.listener.stop()
    await heard.listener.stop()
    socket.send('late', heard.port, '127.0.0.1')
    t.equal(heard.texts.length, sent)
  })

  test(`IPv6 read ${way}, and IPv4 beside it`, async (t) => {
    const both = await hearing(t, { isPlain, endpoint: '[::]:0' })
    const [v4, v6] = [await sender(t), await sender(t, 'udp6', '::1')]
    v4.send('4', both.port, '127.0.0.1')
    v6.send('6', both.port, '::1')
    await until(() => both.texts.length === 2)
    t.same(both.origins.map(({ address }) => address).toSorted(), ['127.0.0.1', '::1'])
    for (let i = 0; i < 80; i++) {
      v4.send('4', both.port, '127.0.0.1')
      v6.send('6', both.port, '::1')
      await until(() => both.texts.length === 4 + 2 * i)
    }
    t.same([...new Set(both.origins.map(({ address }) => address))].toSorted(), ['127.0.0.1', '::1'])
    const only = await hearing(t, { isPlain, endpoint: '[::1]:0', transport: 'udp6' })
    t.match(only.listener.endpoint, /^udp:\/\/\[::1\]:\d+$/)
    v6.send('6', only.port, '::1')
    await until(() => only.texts.length === 1)
  })

  test(`what the kernel had no room for is known, read ${way}`, { skip: process.platform !== 'linux' }, async (t) => {
    const heard = await hearing(t, { isPlain, bufferBytes: 4096 })
    const socket = await sender(t)
    for (let i = 0; i < 500; i++) socket.send('x'.repeat(1000), heard.port, '127.0.0.1')
    await until(() => heard.texts.length > 0)
    socket.send('end', heard.port, '127.0.0.1')
    await until(() => heard.texts.at(-1) === 'end')
    t.equal(await heard.listener.lostPackets(), 501 - heard.texts.length)
  })

  test(`an address in use is told, read ${way}`, async (t) => {
    const heard = await hearing(t, { isPlain })
    await t.rejects(hearing(t, { isPlain, endpoint: `127.0.0.1:${heard.port}` }), /is in use/)
    await t.rejects(hearing(t, { isPlain, endpoint: '192.0.2.1:1' }), /this machine has no such address/)
    await t.rejects(hearing(t, { isPlain, endpoint: 'no.such.name.invalid:1' }), /has no udp address/)
  })
}

test('a socket is read on a timer while much comes, and watched again afterwards', withKernel, async (t) => {
  const calls = kernel()!
  let heard = 0
  const fd = openUdpSocket(calls, { address: '127.0.0.1', port: 0, isV6: false, isV6Only: false }, 100_000)!
  const datagrams = new ManyDatagrams(calls, fd, false, new Origins(false), {
    onDatagram: () => void heard++,
    onTruncated: () => {},
    onError: (error) => t.fail(error.message),
  })
  datagrams.start()
  t.teardown(() => datagrams.stop())
  const socket = await sender(t)
  let sent = 0
  const ping = async (): Promise<void> => {
    socket.send('x', portOf(calls, fd), '127.0.0.1')
    sent++
    await until(() => heard === sent)
  }
  t.ok(datagrams.isWatched)
  while (datagrams.isWatched) await ping()
  t.ok(sent >= 64)
  await ping()
  await until(() => datagrams.isWatched)
  await ping()
})

test('packets over a unix socket', withKernel, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'unixgram-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  const path = join(directory, 'socket')
  const heard = await hearing(t, { transport: 'unixgram', endpoint: path, permissions: 0o622 })
  t.equal(heard.listener.endpoint, `unixgram://${path}`)
  t.equal((await stat(path)).mode & 0o777, 0o622)
  for (let i = 0; i < 300; i++) {
    sendUnixgram(path, Buffer.from(`packet ${i}`))
    await until(() => heard.texts.length === i + 1)
  }
  t.equal(heard.texts[299], 'packet 299')
  sendUnixgram(path, Buffer.alloc(100_000))
  await until(() => heard.texts.length === 301)
  t.equal(heard.texts[300]!.length, 65_536)
  t.equal(heard.truncated, 1, 'longer than any of UDP')
  // Another one takes the place of what was left behind, not of what is no socket.
  const second = await hearing(t, { transport: 'unixgram', endpoint: path })
  await second.listener.stop()
  await t.rejects(stat(path), 'it goes with its listener')
  writeFileSync(path, 'a file')
  await t.rejects(hearing(t, { transport: 'unixgram', endpoint: path }), /no socket can be made there/)
  await t.rejects(hearing(t, { transport: 'unixgram', endpoint: '/no/such/folder/x' }), /its folder must exist/)
})

test('without system calls there is no such socket, and it is said', async (t) => {
  await t.rejects(hearing(t, { transport: 'unixgram', endpoint: '/tmp/x', isPlain: true }), /use udp, or unix/)
})
