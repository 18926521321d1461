import assert from 'node:assert/strict'
import { test } from 'tap'
import { type Batch, decodeOtlp } from '../../../src/data/batch.ts'
import { decodeOtlpJson } from '../../../src/data/otlpjson/decode.ts'
import { encodeOtlpJson } from '../../../src/data/otlpjson/encode.ts'
import type { Signal } from '../../../src/data/signal.ts'
import type { AnyVisitor, Visitor } from '../../../src/data/visitors.ts'
import { MalformedError } from '../../../src/wire/malformed.ts'
import { ROUNDS, randomMessage, seeded, signals } from '../random.ts'
import { jsonObject } from './oracle.ts'

/** The error, or what the items show. */
function outcome(signal: Signal, text: string | Buffer): string | object[] {
  const items: object[] = []
  const look = (node: { toObject(): object }): void => void items.push(node.toObject())
  const visitor: AnyVisitor = { onSpan: look, onLog: look, onPoint: look }
  try {
    const batch: Batch = decodeOtlpJson(signal, Buffer.from(text as string))
    batch.visit(visitor as Visitor)
    assert.equal(decodeOtlp(signal, Buffer.concat(batch.chunks)).items, batch.items)
    return items
  } catch (error) {
    assert.ok(error instanceof MalformedError, String(error))
    return error.message
  }
}
const spanText = (fields: string): string => `{"resourceSpans":[{"scopeSpans":[{"spans":[{${fields}}]}]}]}`
const span = (fields: string): string | object => {
  const items = outcome('traces', spanText(fields))
  return typeof items === 'string' ? items : items[0]!
}
const value = (text: string): unknown => {
  const seen = span(`"attributes":[{"key":"k","value":${text}}]`)
  return typeof seen === 'string' ? seen : (seen as { attributes: Map<string, unknown> }).attributes.get('k')
}
const point = (fields: string, data = 'gauge'): string | object => {
  const items = outcome(
    'metrics',
    `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"${data}":{"dataPoints":[{${fields}}]}}]}]}]}`,
  )
  return typeof items === 'string' ? items : items[0]!
}

test('64-bit integers are exact, as numbers and as strings', async (t) => {
  t.equal(value('{"intValue":"9223372036854775807"}'), 9223372036854775807n)
  t.equal(value('{"intValue":-9223372036854775808}'), -9223372036854775808n)
  t.equal(value('{"intValue":9007199254740993}'), 9007199254740993n)
  t.equal(value('{"intValue":-1}'), -1)
  t.equal(value('{"intValue":"-0"}'), 0)
  t.equal(value('{"intValue":1.5e3}'), 1500)
  t.equal(value('{"intValue":9.007199254740993E15}'), 9007199254740993n)
  t.equal(value('{"intValue":-12e0}'), -12)
  t.equal(value('{"intValue":0.0}'), 0)
  for (const text of ['"1e3"', '" 1"', '"0x1"', '""', '"1 "', '"+1"', '"01"', '1.5', '1e-1', '"9223372036854775808"'])
    t.match(value(`{"intValue":${text}}`), /is no whole number of 64 bits/, text)
  t.match(value('{"intValue":-9223372036854775809}'), /is no whole number of 64 bits/)
  t.match(value('{"intValue":1e400}'), /is no whole number of 64 bits/)
  t.match(value(`{"intValue":1${'0'.repeat(100_000)}}`), /is no whole number of 64 bits/)
  t.match(value('{"intValue":01}'), /a number that is none/)
})

test('times are exact, and neither negative nor beyond 64 bits', async (t) => {
  const start = (text: string): unknown => {
    const seen = span(`"startTimeUnixNano":${text}`)
    return typeof seen === 'string' ? seen : (seen as { startTimeUnixNano: bigint }).startTimeUnixNano
  }
  t.equal(start('1.7e18'), 1700000000000000000n)
  t.equal(start('"1760000544157562123"'), 1760000544157562123n)
  t.equal(start('1760000544157562123'), 1760000544157562123n)
  t.equal(start('"18446744073709551615"'), 18446744073709551615n)
  t.equal(start('0'), 0n)
  t.equal(start('-0'), 0n)
  t.equal(start('null'), 0n)
  t.match(start('-1'), /"-1" is no whole number of 64 bits without a sign/)
  t.match(start('"18446744073709551616"'), /is no whole number of 64 bits/)
  t.match(start('NaN'), /where a number should be/)
  t.match(start('true'), /where a number should be/)
})

test('doubles are numbers, strings of numbers, or the three words', async (t) => {
  t.ok(Number.isNaN(value('{"doubleValue":"NaN"}')))
  t.equal(value('{"doubleValue":"-Infinity"}'), -Infinity)
  t.equal(value('{"doubleValue":"Infinity"}'), Infinity)
  t.equal(value('{"doubleValue":"-1.5e-3"}'), -0.0015)
  t.ok(Object.is(value('{"doubleValue":-0}'), -0))
  t.equal(value('{"doubleValue":5e-324}'), 5e-324)
  t.match(value('{"doubleValue":1e400}'), /exceeds a double/)
  t.match(value('{"doubleValue":"1e400"}'), /exceeds a double/)
  for (const text of ['NaN', 'Infinity', '-Infinity', '.5', '+1', '1.', '1e', '0x1', '--1'])
    t.match(value(`{"doubleValue":${text}}`), /a number that is none|where a number should be|where "," or/, text)
  t.match(value('{"doubleValue":"nan"}'), /a string that is no number/)
})

test('smaller integers are checked against their width, and enums are integers', async (t) => {
  t.match(span('"kind":2'), { kind: 2 })
  t.match(span('"kind":"2"'), { kind: 2 })
  t.match(span('"kind":-1'), { kind: -1 })
  t.match(span('"kind":"SPAN_KIND_SERVER"'), /"SPAN_KIND_SERVER" is no whole number of 32 bits/)
  t.match(span('"kind":2147483648'), /no whole number of 32 bits/)
  t.match(span('"flags":4294967295'), { flags: 4294967295 })
  t.match(span('"flags":4294967296'), /no whole number of 32 bits without a sign/)
  t.match(span('"droppedEventsCount":-1'), /no whole number of 32 bits without a sign/)
  t.match(
    point(
      '"scale":-3,"positive":{"offset":"-2147483648","bucketCounts":["1",18446744073709551615]}',
      'exponentialHistogram',
    ),
    {
      scale: -3,
      positive: { offset: -2147483648, bucketCounts: [1n, 18446744073709551615n] },
    },
  )
  t.match(point('"asInt":"-9223372036854775808"'), { value: -9223372036854775808n })
  t.match(value('{"boolValue":"true"}'), /""" where true or false should be/)
  t.match(value('{"boolValue":truex}'), /a word that is none/)
})

test('ids are hexadecimal of either case; base64 is refused', async (t) => {
  t.match(span('"traceId":"0AF7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331"'), {
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
  })
  t.match(span('"traceId":""'), { traceId: '' })
  t.match(span('"traceId":"00000000000000000000000000000000"'), { traceId: '0'.repeat(32) })
  t.match(span('"traceId":"\\u0061a000000000000000000000000000000"'), { traceId: `aa${'0'.repeat(30)}` })
  t.match(span('"traceId":"CvdlGRbNQ92ESOshHIAxnA=="'), /an id of 24 characters, must be 32 hexadecimal digits/)
  t.match(span('"traceId":"0af7651916cd43dd8448eb211c80319g"'), /an id that is not hexadecimal/)
  t.match(span('"spanId":"0af7"'), /resourceSpans\[0\].scopeSpans\[0\].spans\[0\].spanId: an id of 4 characters/)
  t.match(span('"spanId":5'), /"5" where a string should be/)
})

test('bytes are base64 of either alphabet', async (t) => {
  t.strictSame(value('{"bytesValue":"+/8="}'), new Uint8Array([0xfb, 0xff]))
  t.strictSame(value('{"bytesValue":"-_8"}'), new Uint8Array([0xfb, 0xff]))
  t.strictSame(value('{"bytesValue":"+\\/8="}'), new Uint8Array([0xfb, 0xff]))
  t.strictSame(value('{"bytesValue":""}'), new Uint8Array([]))
  for (const text of ['A', 'AA=A', 'AA=', '****', 'AA A', '====', 'A==='])
    t.match(value(`{"bytesValue":"${text}"}`), /bytes that are not base64/, text)
})

test('names of the object prototype are data', async (t) => {
  const keys = ['__proto__', 'constructor', 'prototype', 'hasOwnProperty', 'toString']
  const entries = keys.map((key) => `{"key":"${key}","value":{"stringValue":"x"}}`).join()
  const text = spanText(`"__proto__":{"x":1},"attributes":[${entries}]`)
  const batch = decodeOtlpJson('traces', Buffer.from(text))
  t.equal(encodeOtlpJson(batch).toString(), text.replace('"__proto__":{"x":1},', ''))
  t.equal(({} as { x?: number }).x, undefined)
})

test('of a key given twice the last one counts, and items that were taken back are not counted', async (t) => {
  t.match(span('"name":"a","name":"b"'), { name: 'b' })
  t.match(span('"name":"a","name":null'), { name: '' })
  t.match(span('"status":{"code":2},"kind":1,"status":{"message":"m"}'), { status: { code: 0, message: 'm' }, kind: 1 })
  t.match(span('"attributes":[{"key":"a"}],"name":"n","attributes":[{"key":"b"}],"name":"m"'), {
    attributes: new Map([['b', null]]),
    name: 'm',
  })
  t.equal(value('{"stringValue":"a","intValue":"1"}'), 1)
  t.strictSame(value('{"arrayValue":{"values":[{}]},"kvlistValue":{"values":[]}}'), new Map())
  t.match(point('"asInt":"1","asDouble":2.5'), { value: 2.5 })
  t.equal(outcome('traces', '{"resourceSpans":[{"scopeSpans":[{"spans":[{},{},{}],"spans":[{}]}]}]}').length, 1)
  t.equal(
    outcome('traces', '{"resourceSpans":[{"scopeSpans":[{"spans":[{},{}]}]}],"x":1,"resourceSpans":[]}').length,
    0,
  )
})

test('a key given a hundred thousand times takes no longer for the bytes between', async (t) => {
  const attributes = `"attributes":[${'{"key":"k"},'.repeat(20_000)}{"key":"k"}]`
  const rest = '"events":[{}],"links":[{}],'.repeat(50_000)
  t.match(span(`${attributes},${rest}"kind":3`), { kind: 3, events: [{}], links: [{}] })
})

test('unknown keys, snake_case among them, are passed over whatever they hold', async (t) => {
  t.match(span('"start_time_unix_nano":"5","x":[{"a":[1,-2.5e3,"\\n\\u00e9",true,null,{}]},[]],"name":"n"'), {
    name: 'n',
    startTimeUnixNano: 0n,
  })
  t.strictSame(outcome('traces', '{"resource_spans":[{"scope_spans":[{"spans":[{}]}]}]}'), [])
  t.match(span('"\\u006eame":"escaped key"'), { name: 'escaped key' })
  for (const text of [
    '{"x":tru}',
    '{"x":"\\x"}',
    '{"x":"\\u12"}',
    '{"x":01}',
    '{"x":[1,]}',
    '{"x":{"a"}}',
    '{"x":\'\'}',
  ])
    t.type(outcome('traces', text), 'string', text)
})

test('strings: escapes are resolved, half surrogates become U+FFFD, bare control characters are refused', async (t) => {
  t.equal(value('{"stringValue":"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud834\\udd1e"}'), '"\\/\b\f\n\r\té𝄞')
  t.equal(value('{"stringValue":"a\\ud800b"}'), 'a\ufffdb')
  t.equal(value('{"stringValue":"\\udc00\\ud800\\ud834\\udd1e"}'), '\ufffd\ufffd𝄞')
  t.equal(value('{"stringValue":"\\ud800\\n"}'), '\ufffd\n')
  t.equal(value('{"stringValue":"a\\u0000\\u001b"}'), 'a\0\x1b')
  t.match(value('{"stringValue":"a\nb"}'), /byte 0x0a inside a string must be escaped/)
  t.match(value('{"stringValue":5}'), /"5" where a string should be/)
  t.match(value('{"stringValue":"\\ud8"}'), /\\u needs four hexadecimal digits/)
  const key = 'k'.repeat(1_000_000)
  const long = span(`"attributes":[{"key":"${key}","value":{"boolValue":true}}]`)
  t.equal((long as { attributes: Map<string, unknown> }).attributes.get(key), true)
})

test('a byte order mark is stripped, nothing at all is an empty batch, anything else before or after is refused', async (t) => {
  t.equal(outcome('logs', `\ufeff{"resourceLogs":[{"scopeLogs":[{"logRecords":[{}]}]}]}`).length, 1)
  t.strictSame(outcome('logs', ''), [])
  t.strictSame(outcome('logs', ' {} \r\n\t'), [])
  t.equal(outcome('logs', '{}{}'), 'message: more text after the end of the document at byte 2')
  t.equal(outcome('logs', '{}\n{}\n'), 'message: more text after the end of the document at byte 3')
  t.equal(outcome('logs', ' '), 'message: ends where "{" should be at byte 1')
  t.equal(outcome('logs', 'null'), 'message: "n" where "{" should be at byte 0')
  t.equal(outcome('logs', '{"resourceLogs":[{},]}'), 'resourceLogs[1]: "]" where "{" should be at byte 20')
  t.equal(outcome('logs', '{"resourceLogs":[{}],}'), 'message: "}" where a string should be at byte 21')
  t.equal(outcome('logs', '{"resourceLogs":[null]}'), 'resourceLogs[0]: "n" where "{" should be at byte 17')
  t.match(outcome('logs', Buffer.from('{}', 'utf16le')), /byte 0x00 where a string should be/)
})

test('nesting is bounded, known or not', async (t) => {
  t.match(outcome('traces', '['.repeat(1_000_000)), /"\[" where "{" should be at byte 0/)
  t.match(outcome('traces', `{"x":${'['.repeat(1_000_000)}`), /nests deeper than 64/)
  t.match(outcome('traces', `{"x":${'{"a":'.repeat(1_000_000)}`), /nests deeper than 64/)
  t.strictSame(outcome('traces', `{"x":${'['.repeat(64)}${']'.repeat(64)}}`), [])
  const nested = (depth: number): string => `${'{"arrayValue":{"values":['.repeat(depth)}{}${']}}'.repeat(depth)}`
  t.ok(Array.isArray(value(nested(32))))
  t.match(value(nested(40)), /nests deeper than 32 values/)
  t.match(value('{"arrayValue":{"values":['.repeat(100_000)), /nests deeper than 32 values/)
})

test('values may nest as deep as in protobuf, in lists and in maps', async (t) => {
  const seen: boolean[] = []
  for (const [open, close] of [
    ['{"arrayValue":{"values":[', ']}}'],
    ['{"kvlistValue":{"values":[{"key":"a","value":', '}]}}'],
  ] as const)
    for (let depth = 20; depth < 50; depth++)
      for (const leaf of ['{}', `{"stringValue":"${'x'.repeat(200)}"}`]) {
        const text = open.repeat(depth) + leaf + close.repeat(depth)
        const body = outcome('logs', `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":${text}}]}]}]}`)
        if (typeof body === 'string') t.match(body, /nests deeper than 32 values/)
        seen.push(typeof body === 'string')
      }
  t.ok(seen.includes(true) && seen.includes(false))
})

test('an error names the path and the byte', async (t) => {
  const text = spanText('"name":"a"},{"attributes":[{"key":"k"},{"key":"k","value":{"intValue":"x"}}]')
  t.equal(
    outcome('traces', text),
    'resourceSpans[0].scopeSpans[0].spans[1].attributes[1].value.intValue: "x" is no whole number of 64 bits at byte ' +
      String(text.indexOf('x"')),
  )
})

for (const signal of signals)
  test(`${signal}: a document cut at any byte, flipped or full of noise is refused, or is JSON`, async (t) => {
    const counts = { refused: 0, accepted: 0 }
    const attempt = (text: Buffer): void => {
      const seen = outcome(signal, text)
      counts[typeof seen === 'string' ? 'refused' : 'accepted']++
      if (typeof seen === 'string' || text.length === 0) return
      assert.doesNotThrow(() => JSON.parse(text.toString()), text.toString())
    }
    for (let seed = 1; seed <= ROUNDS; seed++) {
      const random = seeded(seed)
      const text = Buffer.from(JSON.stringify(jsonObject(signal, randomMessage(signal, random)))).subarray(0, 3000)
      if (seed <= ROUNDS / 50) for (let size = 0; size < text.length; size++) attempt(text.subarray(0, size))
      for (let round = 0; round < 20; round++) {
        const broken = Buffer.from(text.subarray(0, 300))
        for (let flips = 1 + random(2); flips > 0; flips--)
          broken[random(broken.length)] = '{}[]:,"\\0-.e u\n'.charCodeAt(random(16))
        attempt(broken)
      }
      for (let round = 0; round < 20; round++) {
        const pieces = ['{', '}', '[', ']', ':', ',', '"x"', '1', 'null', `"resource${signal[0]!.toUpperCase()}"`]
        attempt(Buffer.from(`{"x":${Array.from({ length: random(8) }, () => pieces[random(10)]).join('')}}`))
      }
    }
    t.ok(counts.refused > 0 && counts.accepted > 0)
  })
