import { test } from 'tap'
import { decodeOtlp } from '../../src/data/batch.ts'
import { poisonViews } from '../../src/data/poison.ts'
import type { Span } from '../../src/data/span.ts'
import { double } from '../../src/data/value.ts'
import type { Context } from '../../src/data/visitors.ts'
import { encoded } from './random.ts'

const context: Context = { abort: new AbortController().signal, metadata: new Map() }
const spans = (...list: object[]): Uint8Array =>
  encoded('traces', { resourceSpans: [{ scopeSpans: [{ spans: list }] }] })
const attribute = (key: string, value: object): object => ({ key, value })

test('values of every kind are read, exactly', async (t) => {
  const list = {
    arrayValue: {
      values: [{ intValue: '1' }, { kvlistValue: { values: [attribute('__proto__', { stringValue: 'x' })] } }],
    },
  }
  const batch = decodeOtlp(
    'traces',
    spans({
      attributes: [
        attribute('max', { intValue: '9223372036854775807' }),
        attribute('min', { intValue: '-9223372036854775808' }),
        attribute('minus', { intValue: '-1' }),
        attribute('safe', { intValue: '9007199254740991' }),
        attribute('unsafe', { intValue: '9007199254740992' }),
        attribute('list', list),
        attribute('none', {}),
        attribute('double', { doubleValue: 1 }),
        attribute('bytes', { bytesValue: 'AQI=' }),
      ],
    }),
  )
  batch.visit({
    onSpan({ attributes }) {
      t.equal(attributes.get('max'), 9223372036854775807n)
      t.equal(attributes.get('min'), -9223372036854775808n)
      t.equal(attributes.get('minus'), -1)
      t.equal(attributes.get('safe'), 9007199254740991)
      t.equal(attributes.get('unsafe'), 9007199254740992n)
      t.strictSame(attributes.get('list'), [1, new Map([['__proto__', 'x']])])
      t.equal(attributes.get('none'), null)
      t.equal(attributes.get('absent'), undefined)
      t.strictSame(attributes.get('bytes'), new Uint8Array([1, 2]))
    },
  })
})

test('values of every kind are written and read again in the same visit and in the next', async (t) => {
  const values = new Map<string, Parameters<Span['attributes']['set']>[1]>([
    ['a', 'text'],
    ['b', 'é'.repeat(300)],
    ['c', -5],
    ['d', 2n ** 62n],
    ['e', 1.5],
    ['f', true],
    ['g', [1, 'x', null, [2]]],
    ['h', new Map([['k', 1]])],
    ['i', new Uint8Array([9])],
    ['j', null],
    ['k', -(2n ** 63n)],
  ])
  const check = ({ attributes }: Span): void => {
    for (const [key, value] of values) t.strictSame(attributes.get(key), value)
  }
  const batch = decodeOtlp('traces', spans({}, {})).rewrite(
    [
      {
        onSpan(span) {
          for (const [key, value] of values) span.attributes.set(key, value)
        },
      },
      { onSpan: check },
    ],
    context,
  )
  batch.visit({ onSpan: check })
  batch
    .rewrite(
      [
        {
          onSpan({ attributes }) {
            attributes.set('a', double(1))
          },
        },
      ],
      context,
    )
    .visit({
      onSpan({ attributes }) {
        t.equal(attributes.getNumber('a'), 1)
      },
    })
})

test('more attributes than fit the first index are all found', async (t) => {
  const batch = decodeOtlp(
    'traces',
    spans({ attributes: Array.from({ length: 1000 }, (_, i) => attribute(`k${i}`, { intValue: String(i) })) }),
  )
  const edited = batch.rewrite(
    [
      {
        onSpan({ attributes }) {
          for (let i = 0; i < 1000; i += 2) attributes.delete(`k${i}`)
          attributes.set('new', 1)
        },
      },
    ],
    context,
  )
  edited.visit({
    onSpan({ attributes }) {
      t.equal(attributes.size, 501)
      t.equal(attributes.get('k999'), 999)
      t.equal(attributes.get('k998'), undefined)
    },
  })
})

test('unknown fields survive an edit', async (t) => {
  const unknown = Buffer.from([0xfa, 0x3e, 3, 1, 2, 3])
  const wrap = (tag: number, body: Buffer): Buffer => Buffer.concat([Buffer.from([tag, body.length]), body])
  const bytes = wrap(
    0x0a,
    Buffer.concat([
      wrap(0x12, Buffer.concat([wrap(0x12, Buffer.concat([unknown, Buffer.from([0x2a, 1, 65])])), unknown])),
      unknown,
    ]),
  )
  const [chunk] = decodeOtlp('traces', bytes).rewrite(
    [
      {
        onResource(resource) {
          resource.attributes.set('a', 1)
        },
        onScope(scope) {
          scope.name = 'x'
        },
        onSpan(span) {
          span.name = 'other'
        },
      },
    ],
    context,
  ).chunks
  t.equal(Buffer.from(chunk!).toString('hex').split(unknown.toString('hex')).length - 1, 3)
})

test('a view that escapes throws in debug mode, a retained one does not', async (t) => {
  poisonViews(true)
  try {
    let escaped: Span | undefined
    let retained: Span | undefined
    decodeOtlp('traces', spans({ name: 'first' }, { name: 'second' })).rewrite(
      [
        {
          onSpan(span) {
            if (escaped) return
            escaped = span
            span.name = 'edited'
            span.attributes.set('a', 1)
            retained = span.retain()
          },
        },
      ],
      context,
    )
    t.throws(() => escaped!.name, /after its visit/)
    t.equal(retained!.name, 'edited')
    t.equal(retained!.attributes.get('a'), 1)
    t.throws(() => {
      retained!.name = 'x'
    }, /read-only/)
  } finally {
    poisonViews(false)
  }
})

test('a parent is writable in its own hook, and below only when declared', async (t) => {
  const batch = decodeOtlp('traces', spans({}))
  t.throws(
    () =>
      batch.rewrite(
        [
          {
            onSpan(_span, scope) {
              scope.name = 'x'
            },
          },
        ],
        context,
      ),
    /writesParents/,
  )
  t.throws(
    () =>
      batch.visit({
        onSpan(span) {
          span.name = 'x'
        },
      }),
    /read-only/,
  )
  batch
    .rewrite(
      [
        {
          writesParents: true,
          onSpan(_span, scope) {
            scope.name = 'x'
          },
        },
      ],
      context,
    )
    .visit({
      onScope(scope) {
        t.equal(scope.name, 'x')
      },
    })
})

test('events, links and exemplars that escape throw in debug mode, retained ones do not', async (t) => {
  poisonViews(true)
  t.teardown(() => poisonViews(false))
  const escaped: { toObject(): object }[] = []
  const kept: { toObject(): object }[] = []
  const keep = (view: { toObject(): object; retain(): { toObject(): object } }): void => {
    escaped.push(view)
    kept.push(view.retain())
  }
  decodeOtlp('traces', spans({ events: [{ name: 'a' }, { name: 'b' }], links: [{ traceState: 'c' }] })).visit({
    onSpan(span) {
      span.eachEvent(keep)
      span.eachLink(keep)
    },
  })
  const dataPoints = [{ exemplars: [{ asInt: '5' }, { asDouble: 0.5 }] }]
  const message = { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ sum: { dataPoints } }] }] }] }
  decodeOtlp('metrics', encoded('metrics', message)).visit({ onPoint: (point) => point.eachExemplar(keep) })
  t.match(
    kept.map((view) => view.toObject()),
    [{ name: 'a' }, { name: 'b' }, { traceState: 'c' }, { value: 5 }, { value: 0.5 }],
  )
  for (const view of escaped) t.throws(() => view.toObject(), /after its visit/)
})

test('a visit inside a visit of the same kind has views of its own', async (t) => {
  const seen: string[] = []
  decodeOtlp('traces', spans({ events: [{ name: 'a' }, { name: 'b' }] })).visit({
    onSpan(span) {
      span.eachEvent((outer) => {
        span.eachEvent((inner) => void seen.push(outer.name + inner.name))
        seen.push(outer.name)
      })
    },
  })
  t.strictSame(seen, ['aa', 'ab', 'a', 'ba', 'bb', 'b'])
})

test('a batch too large to keep its arrays is rewritten like any other, and so is the next', async (t) => {
  const batch = decodeOtlp('traces', spans(...Array.from({ length: 1000 }, () => ({}))))
  for (const text of ['x'.repeat(10_000), 'y']) {
    const edited = batch.rewrite([{ onSpan: ({ attributes }) => attributes.set('k', text) }], context)
    let matching = 0
    edited.visit({ onSpan: ({ attributes }) => void (matching += attributes.equals('k', text) ? 1 : 0) })
    t.equal(matching, 1000)
  }
})
