// Documents that somebody has damaged, or means badly.
import { test } from 'tap'
import { SegmentDecoder } from '../../../src/aws/xray/decode.ts'
import { Builder, decodeOtlp, MalformedError } from '../../../src/data/index.ts'
import { DocumentGenerator } from './generate.ts'

const PIECES = ['null', '{}', '[]', '""', '0', '-1', '1e999', 'true', '"\\ud800"', '"\\u0000"', '{"a":{"b":[1,"c"]}}']

test('whatever comes is spans that OTLP can carry, or refused with a reason', async (t) => {
  const generator = new DocumentGenerator(20_261_121)
  const decoder = new SegmentDecoder()
  const builder = new Builder('traces')
  let taken = 0
  let refused = 0
  for (let round = 0; round < 3000; round++) {
    const bytes = damaged(Buffer.from(JSON.stringify(generator.document())), generator)
    let spans = 0
    try {
      spans = decoder.decode(bytes, builder)
    } catch (error) {
      if (!(error instanceof MalformedError)) throw new Error(`${error}: ${bytes}`, { cause: error })
      refused++
    }
    const batch = builder.build()
    if (batch.items !== spans) throw new Error(`${batch.items} of ${spans} spans: ${bytes}`)
    if (spans === 0) continue
    taken++
    if (decodeOtlp('traces', Buffer.concat(batch.chunks)).items !== spans) throw new Error(String(bytes))
  }
  t.ok(taken > 500, `${taken} taken`)
  t.ok(refused > 500, `${refused} refused`)
})

/** A byte, a cut, a value in place of another one, or a piece of itself somewhere else. */
function damaged(bytes: Buffer, generator: DocumentGenerator): Buffer {
  const at = generator.below(bytes.length)
  switch (generator.below(5)) {
    case 0:
      bytes[at] = generator.below(256)
      return bytes
    case 1:
      return bytes.subarray(0, at)
    case 2: {
      const other = generator.below(bytes.length)
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.min(at, other))])
    }
    case 3: {
      // the next value of an object
      const colon = bytes.indexOf(0x3a, at)
      const end = colon < 0 ? -1 : bytes.subarray(colon + 1).findIndex((byte) => byte === 0x2c || byte === 0x7d)
      if (colon < 0 || end < 0) return bytes
      const piece = Buffer.from(PIECES[generator.below(PIECES.length)]!)
      return Buffer.concat([bytes.subarray(0, colon + 1), piece, bytes.subarray(colon + 1 + end)])
    }
    default:
      return bytes
  }
}

test('a hostile document costs no more than its size', async (t) => {
  const decoder = new SegmentDecoder()
  const builder = new Builder('traces')
  const head = '"name":"s","id":"70de5b6f19ff9a0a","trace_id":"1-581cf771-a006649127e371903a2de979","start_time":1'
  const fill = (unit: string, close = ''): string => unit.repeat(Math.floor(60_000 / unit.length)) + close
  const hostile = {
    members: `{${head}${fill(',"a":1')}}`,
    annotations: `{${head},"annotations":{"b":1${fill(',"a":1')}}}`,
    'different annotations': `{${head},"annotations":{${Array.from({ length: 6000 }, (_, i) => `"k${i}":1`)}}}`,
    subsegments: `{${head},"subsegments":[${fill('{"name":"","id":"1111111111111111","start_time":1},').slice(0, -1)}]}`,
    exceptions: `{${head},"cause":{"exceptions":[{}${fill(',{}')}]}}`,
    frames: `{${head},"cause":{"exceptions":[{"stack":[{}${fill(',{"label":"((((((("}')}]}]}}`,
    brackets: `{${head},"cause":{"exceptions":[{"stack":[{"label":"${fill('(')}"}]}]}}`,
    links: `{${head},"links":[{}${fill(',{}')}]}`,
    escapes: `{${head},"user":"${fill('\\u00e9')}"}`,
    digits: `{${head},"annotations":{"a":${fill('9')}}}`,
    blocks: `{${head},"aws":{"ec2":{}${fill(',"ecs":{"a":1}')}}}`,
    keys: `{${head},"${fill('k')}":1}`,
  }
  for (const [name, text] of Object.entries(hostile)) {
    const bytes = Buffer.from(text)
    // Work that grows with the square of the size would run into the time limit of the tests.
    for (let i = 0; i < 50; i++) {
      decoder.decode(bytes, builder)
      t.ok(builder.build().sizeBytes < 20 * bytes.length, name)
    }
  }
})
