import { test } from 'tap'
import {
  EVENT_OVERHEAD_BYTES,
  MAX_AGE_MS,
  MAX_AHEAD_MS,
  MAX_MESSAGE_BYTES,
  MAX_REQUEST_BYTES,
  MAX_SPAN_MS,
} from '../../../src/aws/logs/limits.ts'
import { DEFAULT_GROUP, DEFAULT_STREAM } from '../../../src/aws/logs/names.ts'
import { testContext } from '../../../src/testing/index.ts'
import { JsonWriter } from '../../../src/wire/json.ts'
import { type PutBody, type Rig, rig } from './kit.ts'

const send = async ({ events, sink, logs, drop }: Rig): Promise<PutBody[]> => {
  for (const outgoing of events.take(drop)) await sink.send(outgoing, testContext(), drop)
  return logs.puts
}
const bytesOf = ({ logEvents }: PutBody): number =>
  logEvents.reduce((sum, { message }) => sum + Buffer.byteLength(message) + EVENT_OVERHEAD_BYTES, 0)

test('events of one stream become one request, in the order of their times, equal times in the order they came', async (t) => {
  const here = rig()
  const now = here.settings.clock.now()
  const stream = here.events.streamOf('/ecs/order', 'production-2026-01-01')
  for (const [afterMs, text] of [
    [30, 'c'],
    [10, 'a'],
    [30, 'd'],
    [20, 'b'],
    [30, 'e "quoted" \\ \n \u0001 ☃ 💜'],
  ] as const)
    here.events.addText(stream, now + afterMs, text)
  const [put, ...more] = await send(here)
  t.same(put, {
    logGroupName: '/ecs/order',
    logStreamName: 'production-2026-01-01',
    logEvents: [
      { timestamp: now + 10, message: 'a' },
      { timestamp: now + 20, message: 'b' },
      { timestamp: now + 30, message: 'c' },
      { timestamp: now + 30, message: 'd' },
      { timestamp: now + 30, message: 'e "quoted" \\ \n \u0001 ☃ 💜' },
    ],
  })
  t.same(more, [])
  t.same(await send(here), [put], 'what was taken is not taken again')
})

test('bytes and texts come out alike', async (t) => {
  const here = rig()
  const now = here.settings.clock.now()
  const stream = here.events.streamOf('group', 'stream')
  const text = '{"message":"größer\\n☃"}'
  const bytes = Buffer.from(`--${text}--`)
  here.events.add(stream, now, bytes, 2, bytes.length - 2)
  here.events.addText(stream, now, text)
  here.events.addText(stream, now, 'lone \ud800 surrogate')
  const [put] = await send(here)
  t.same(
    put?.logEvents.map(({ message }) => message),
    [text, text, 'lone \ufffd surrogate'],
  )
})

test('nested JSON comes out as the document that it is, whatever its size', async (t) => {
  for (const repeat of [1, 100_000]) {
    const here = rig()
    const now = here.settings.clock.now()
    const stream = here.events.streamOf('group', 'stream')
    const document = { 'a "key"': ['x\\ "quoted" \n\u0001 größer ☃'.repeat(repeat), 5, null] }
    const json = new JsonWriter(1024, { isNested: true })
    json.beginObject()
    json.keyText('a "key"')
    json.beginArray()
    json.string(document['a "key"'][0] as string)
    json.number(5)
    json.null()
    json.endArray()
    json.endObject()
    here.events.addNested(stream, now, json.out.bytes, 0, json.out.length)
    here.events.addText(stream, now, JSON.stringify(document))
    const [nested, plain] = (await send(here)).flatMap(({ logEvents }) => logEvents)
    t.equal(nested?.message, plain?.message)
    if (repeat === 1) t.same(JSON.parse(nested!.message), document)
    else t.equal(here.truncated.length, 2)
  }
})

test('each stream has its own requests, and each event says how many items it carries', async (t) => {
  const { events, settings, drop } = rig()
  const now = settings.clock.now()
  const one = events.streamOf('one', 'a')
  events.addText(one, now, 'x', 3)
  events.addText(events.streamOf('two', 'a'), now, 'y', 2)
  events.addText(events.streamOf('one', 'b'), now, 'z')
  t.equal(events.streamOf('one', 'a'), one, 'a stream is the same until it is taken')
  const [outgoing, ...more] = events.take(drop)
  t.equal(outgoing?.items, 6)
  t.same(
    outgoing?.request.parts.map(({ group, stream, items }) => [group, stream, items]),
    [
      ['one', 'a', [3]],
      ['two', 'a', [2]],
      ['one', 'b', [1]],
    ],
  )
  t.same(more, [])
})

test('nothing to send is no request', async (t) => {
  const { events, drop } = rig()
  t.same(events.take(drop), [])
  events.streamOf('group', 'stream')
  t.same(events.take(drop), [])
})

test('a request has at most 10,000 events', async (t) => {
  const here = rig()
  const now = here.settings.clock.now()
  const stream = here.events.streamOf('group', 'stream')
  for (let i = 0; i < 20_001; i++) here.events.addText(stream, now + i, String(i))
  const puts = await send(here)
  t.same(
    puts.map(({ logEvents }) => logEvents.length),
    [10_000, 10_000, 1],
  )
  t.same(
    puts.flatMap(({ logEvents }) => logEvents.map(({ message }) => message)),
    Array.from({ length: 20_001 }, (_, i) => String(i)),
  )
})

test('a request has at most 1,048,576 bytes, 26 for each event among them, and is filled', async (t) => {
  const here = rig()
  const now = here.settings.clock.now()
  const stream = here.events.streamOf('group', 'stream')
  const half = MAX_REQUEST_BYTES / 2 - EVENT_OVERHEAD_BYTES
  here.events.addText(stream, now, 'ä'.repeat(half / 2))
  here.events.addText(stream, now, '"'.repeat(half))
  here.events.addText(stream, now, 'x')
  const puts = await send(here)
  t.same(puts.map(bytesOf), [MAX_REQUEST_BYTES, 1 + EVENT_OVERHEAD_BYTES])
})

test('a request spans at most 24 hours', async (t) => {
  const here = rig()
  const start = here.settings.clock.now() - 3 * MAX_SPAN_MS
  const stream = here.events.streamOf('group', 'stream')
  for (const ms of [0, MAX_SPAN_MS, MAX_SPAN_MS + 1, 2 * MAX_SPAN_MS + 1, 2 * MAX_SPAN_MS + 2])
    here.events.addText(stream, start + ms, String(ms))
  const puts = await send(here)
  t.same(
    puts.map(({ logEvents }) => logEvents.map(({ timestamp }) => timestamp - start)),
    [[0, MAX_SPAN_MS], [MAX_SPAN_MS + 1, 2 * MAX_SPAN_MS + 1], [2 * MAX_SPAN_MS + 2]],
  )
})

test('events that are too old or too new are dropped one by one, each with its reason', async (t) => {
  const here = rig()
  const now = here.settings.clock.now()
  const stream = here.events.streamOf('group', 'stream')
  const times = [now, now - MAX_AGE_MS - 1, now + MAX_AHEAD_MS + 1, now - MAX_AGE_MS, now + MAX_AHEAD_MS, 0]
  for (const time of times) here.events.addText(stream, time, 'x', 2)
  const puts = await send(here)
  t.same(
    puts.flatMap(({ logEvents }) => logEvents.map(({ timestamp }) => timestamp)),
    [now - MAX_AGE_MS, now, now + MAX_AHEAD_MS],
  )
  t.same(here.dropped, [
    [2, 'too_old'],
    [2, 'too_old'],
    [2, 'too_new'],
  ])
})

test('a message that is too long is cut between two characters, marked, and told of', async (t) => {
  for (const before of ['', 'x', 'xx', 'xxx']) {
    const here = rig()
    const now = here.settings.clock.now()
    const stream = here.events.streamOf('group', 'stream')
    const text = before + '💜'.repeat(MAX_REQUEST_BYTES / 4)
    here.events.addText(stream, now, text)
    const bytes = Buffer.from(text)
    here.events.add(stream, now, bytes, 0, bytes.length)
    here.events.addText(stream, now, 'neighbour')
    const puts = await send(here)
    const [cut, same, neighbour] = puts.flatMap(({ logEvents }) => logEvents.map(({ message }) => message))
    t.equal(cut, same)
    t.equal(neighbour, 'neighbour')
    t.notMatch(cut, '\ufffd', 'no character is cut apart')
    const kept = cut!.replace('[Truncated...]', '')
    t.ok(cut?.endsWith('[Truncated...]') && text.startsWith(kept))
    const sizeBytes = Buffer.byteLength(cut!)
    t.ok(sizeBytes <= MAX_MESSAGE_BYTES && sizeBytes > MAX_MESSAGE_BYTES - 4, String(sizeBytes))
    t.same(here.truncated, [bytes.length - sizeBytes, bytes.length - sizeBytes])
    t.same(here.dropped, [])
  }
})

test('a message of exactly the largest size goes as it is', async (t) => {
  const here = rig()
  const text = 'x'.repeat(MAX_MESSAGE_BYTES)
  here.events.addText(here.events.streamOf('group', 'stream'), here.settings.clock.now(), text)
  const [put] = await send(here)
  t.equal(put?.logEvents[0]?.message, text)
  t.same(here.truncated, [])
})

test('names that AWS does not take are cleaned, and told of', async (t) => {
  const here = rig()
  const now = here.settings.clock.now()
  for (const [group, stream] of [
    ['/ecs/bestellung größer', 'a:b*c'],
    ['', ''],
    ['*', '**'],
    ['g'.repeat(600), 's'.repeat(600)],
    ['__', 'größer ☃'],
  ] as const)
    here.events.addText(here.events.streamOf(group, stream), now, 'x')
  t.same(
    here.events.take(here.drop)[0]?.request.parts.map(({ group, stream }) => [group, stream]),
    [
      ['/ecs/bestellung_gr__er', 'a_b_c'],
      [DEFAULT_GROUP, DEFAULT_STREAM],
      [DEFAULT_GROUP, DEFAULT_STREAM],
      ['g'.repeat(512), 's'.repeat(512)],
      ['__', 'größer ☃'],
    ],
  )
  t.equal(here.cleaned.length, 8)
})
