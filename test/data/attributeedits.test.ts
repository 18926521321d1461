import assert from 'node:assert/strict'
import { test } from 'tap'
import {
  type AttributeEdit,
  AttributeEdits,
  type Attributes,
  type Batch,
  decodeOtlp,
  double,
  type Signal,
  type Visitor,
} from '../../src/data/index.ts'
import { testContext } from '../../src/testing/index.ts'
import { batchOf } from '../kit/otlp.ts'
import { keys, type Random, ROUNDS, randomMessage, seeded, signals } from './random.ts'

const VALUES = ['', 'prod', 'y'.repeat(130), 7, -1, true, 0.5, double(3), null, ['a', 1], new Map([['b', 'c']])]
const KEYS = [...keys, 'new', 'newer', 'enw']

function randomEdits(random: Random): AttributeEdit[] {
  const some = KEYS.filter(() => random(3) === 0)
  return some.map((key) => {
    const action = (['insert', 'update', 'upsert', 'delete'] as const)[random(4)]!
    return action === 'delete' ? { action, key } : { action, key, value: VALUES[random(VALUES.length)]! }
  })
}

function oneByOne(attributes: Attributes, edits: readonly AttributeEdit[]): void {
  for (const edit of edits) {
    if (edit.action === 'delete') attributes.delete(edit.key)
    else if (edit.action === 'upsert' || attributes.has(edit.key) === (edit.action === 'update'))
      attributes.set(edit.key, edit.value)
  }
}

type Edit = (attributes: Attributes) => void
/** Edits every set of attributes that a hook can, and those of an item behind `before`. */
function visitorOf(edit: Edit, before: Edit = () => {}): Visitor {
  const onItem = ({ attributes }: { readonly attributes: Attributes }): void => {
    before(attributes)
    edit(attributes)
  }
  return {
    onResource: ({ attributes }) => edit(attributes),
    onScope: ({ attributes }) => edit(attributes),
    onMetric: ({ metadata }) => edit(metadata),
    onSpan: onItem,
    onLog: onItem,
    onPoint: onItem,
  }
}

const bytesOf = (batch: Batch, ...visitors: Visitor[]): string =>
  Buffer.concat(batch.rewrite(visitors, testContext()).chunks).toString('hex')

/** On random messages of each signal. */
function eachCase(seed: number, check: (batch: Batch, edits: AttributeEdit[], random: Random) => void): number {
  const random = seeded(seed)
  let cases = 0
  for (const signal of signals)
    for (let round = 0; round < ROUNDS; round++, cases++)
      check(decodeOtlp<Signal>(signal, Buffer.from(randomMessage(signal, random))), randomEdits(random), random)
  return cases
}

test('edits in one go write the very bytes that they write one by one', async (t) => {
  const cases = eachCase(71, (batch, edits) => {
    const known = new AttributeEdits(edits)
    const wanted = bytesOf(
      batch,
      visitorOf((attributes) => oneByOne(attributes, edits)),
    )
    assert.equal(
      bytesOf(
        batch,
        visitorOf((attributes) => attributes.edit(known)),
      ),
      wanted,
      JSON.stringify(edits),
    )
  })
  t.ok(cases > 0)
})

test('who looks at, edits or drops what has been edited finds what one by one would have left', async (t) => {
  const cases = eachCase(72, (batch, edits, random) => {
    const known = new AttributeEdits(edits)
    const more = randomEdits(random)
    const knownMore = new AttributeEdits(more)
    const wish = random(4)
    const before: Edit = (attributes) => {
      if (wish === 0) attributes.set('looked', 1)
    }
    const after = (seen: string[]): Visitor => {
      const look = ({ attributes }: { readonly attributes: Attributes }): boolean => {
        if (wish === 1) attributes.forEach((key, value) => void seen.push(`${key}: ${value}`))
        return wish !== 2 || attributes.size % 2 === 0
      }
      return { onSpan: look, onLog: look, onPoint: look }
    }
    const found: string[] = []
    const wanted: string[] = []
    assert.equal(
      bytesOf(
        batch,
        visitorOf((attributes) => attributes.edit(known), before),
        visitorOf((attributes) => attributes.edit(knownMore)),
        after(found),
      ),
      bytesOf(
        batch,
        visitorOf((attributes) => oneByOne(attributes, edits), before),
        visitorOf((attributes) => oneByOne(attributes, more)),
        after(wanted),
      ),
    )
    assert.deepEqual(found, wanted)
  })
  t.ok(cases > 0)
})

const attribute = (key: string, value: string): object => ({ key, value: { stringValue: value } })
const spanWith = (...attributes: object[]): Batch<'traces'> =>
  batchOf('traces', { resourceSpans: [{ scopeSpans: [{ spans: [{ attributes }] }] }] })
const visitor = (...edits: AttributeEdit[]): Visitor<'traces'> => {
  const known = new AttributeEdits(edits)
  return { onSpan: ({ attributes }) => attributes.edit(known) }
}
function attributesOf(batch: Batch<'traces'>): [string, unknown][] {
  const found: [string, unknown][] = []
  batch.visit({ onSpan: ({ attributes }) => attributes.forEach((key, value) => void found.push([key, value])) })
  return found
}

test('edits that change nothing give the same batch back', async (t) => {
  const batch = spanWith(attribute('a', '1'))
  const nothing = visitor(
    { action: 'delete', key: 'b' },
    { action: 'update', key: 'c', value: 1 },
    { action: 'insert', key: 'a', value: 2 },
  )
  t.equal(batch.rewrite([nothing], testContext()), batch)
  const looks: Visitor<'traces'> = { onSpan: ({ attributes }) => void attributes.size }
  t.equal(batch.rewrite([nothing, looks], testContext()), batch)
})

test('what replaces stands where it stood, what is new stands last, in the order of the edits', async (t) => {
  const batch = spanWith(attribute('a', '1'), attribute('b', '2'), attribute('c', '3'))
  const edited = batch.rewrite(
    [
      visitor(
        { action: 'upsert', key: 'z', value: 'new' },
        { action: 'insert', key: 'y', value: 'newer' },
        { action: 'upsert', key: 'b', value: 'set' },
        { action: 'delete', key: 'a' },
      ),
    ],
    testContext(),
  )
  t.same(attributesOf(edited), [
    ['b', 'set'],
    ['c', '3'],
    ['z', 'new'],
    ['y', 'newer'],
  ])
})

test('of a key that stands there twice the first is set, and both are deleted', async (t) => {
  const batch = spanWith(attribute('k', '1'), attribute('x', '2'), attribute('k', '3'), attribute('x', '4'))
  const edited = batch.rewrite(
    [visitor({ action: 'upsert', key: 'k', value: 'set' }, { action: 'delete', key: 'x' })],
    testContext(),
  )
  t.same(attributesOf(edited), [
    ['k', 'set'],
    ['k', '3'],
  ])
})

test('a view that is kept has what was edited before, and one that may only read refuses', async (t) => {
  const known = new AttributeEdits([{ action: 'upsert', key: 'a', value: 'set' }])
  const kept: (string | undefined)[] = []
  const batch = spanWith(attribute('a', '1'))
  batch.rewrite(
    [
      {
        onSpan(span) {
          span.attributes.edit(known)
          kept.push(span.retain().attributes.getString('a'))
        },
      },
    ],
    testContext(),
  )
  t.same(kept, ['set'])
  t.throws(() => batch.visit({ onSpan: ({ attributes }) => attributes.edit(known) }), /read-only/)
  t.throws(() => visitor({ action: 'delete', key: 'a' }, { action: 'upsert', key: 'a', value: 1 }), /one key twice/)
})
