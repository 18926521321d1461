import { test } from 'tap'
import { escapeLabelText, labelText } from '../../../src/exporters/prometheus/labels.ts'
import { type AttributeList, labelSet } from '../../../src/prometheus/label-set.ts'
import { createNaming } from '../../../src/prometheus/names.ts'

const escaping = createNaming('UnderscoreEscapingWithSuffixes', '')
const utf8 = createNaming('NoTranslation', '')
const textOf = (
  attributes: AttributeList,
  fixed: Record<string, string> = {},
  reserved?: string,
): string | undefined => {
  const labels = labelSet(attributes, new Map(Object.entries(fixed)), reserved, escaping)
  return labels && labelText(labels, '{')
}

test('labels are sorted by name, whatever order the attributes have', async (t) => {
  const expected = '{a="1",b_c="2",job="shop"'
  t.equal(
    textOf(
      [
        ['b.c', '2'],
        ['a', '1'],
      ],
      { job: 'shop' },
    ),
    expected,
  )
  t.equal(
    textOf(
      [
        ['a', '1'],
        ['b.c', '2'],
      ],
      { job: 'shop' },
    ),
    expected,
  )
})

test('attributes whose names become equal share a label, values in the order of their keys', async (t) => {
  t.equal(
    textOf([
      ['a_b', '1'],
      ['a.b', '2'],
      ['a/b', '3'],
    ]),
    '{a_b="2;3;1"',
  )
})

test('what Prometheus or the exporter names itself leaves the attribute its value under exported_', async (t) => {
  t.equal(
    textOf(
      [
        ['job', 'mine'],
        ['le', '1'],
      ],
      { job: 'shop' },
      'le',
    ),
    '{exported_job="mine",exported_le="1",job="shop"',
  )
  t.equal(textOf([['le', '1']], {}), '{le="1"', 'le is free where there are no buckets')
  t.equal(textOf([['__name__', 'x']]), '{exported___name__="x"')
  t.equal(
    textOf([['job', 'mine']], { job: 'a', exported_job: 'b' }),
    '{exported_exported_job="mine",exported_job="b",job="a"',
  )
})

test('an attribute without a usable name makes no label set', async (t) => {
  for (const key of ['', '____']) t.equal(textOf([[key, 'x']]), undefined, `"${key}"`)
})

test('keys that JavaScript objects have are labels like any other', async (t) => {
  t.equal(
    textOf([
      ['constructor', '1'],
      ['__proto__', '2'],
      ['toString', '3'],
    ]),
    '{constructor="1",exported___proto__="2",toString="3"',
  )
})

test('quotes, backslashes and line feeds are escaped, in values and in quoted names', async (t) => {
  const labels = labelSet([['a"b\n', 'x\\y"z\n\u0000é😀']], new Map(), undefined, utf8)!
  t.equal(labelText(labels, ','), ',"a\\"b\\n"="x\\\\y\\"z\\n\u0000é😀"')
})

test('the text of a label set can be written again with escaped names', async (t) => {
  const text = labelText(
    labelSet(
      [
        ['a.b', '1"}'],
        ['a_b', '2\n'],
        ['c:d', '\\'],
        ['plain', ',x="'],
      ],
      new Map(),
      undefined,
      utf8,
    )!,
    '{',
  )
  t.equal(text, '{"a.b"="1\\"}",a_b="2\\n","c:d"="\\\\",plain=",x=\\""')
  t.equal(escapeLabelText(text, 'underscores', '{'), '{a_b="1\\"};2\\n",c_d="\\\\",plain=",x=\\""')
  t.equal(escapeLabelText(text, 'values', ','), ',U__a_2e_b="1\\"}",a_b="2\\n",U__c_3a_d="\\\\",plain=",x=\\""')
  t.equal(escapeLabelText('', 'values', '{'), '')
})
