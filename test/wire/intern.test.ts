import assert from 'node:assert/strict'
import { test } from 'tap'
import { textOf } from '../../src/wire/intern.ts'

const read = (bytes: Buffer): string => textOf(bytes, 0, bytes.length)

test('a hundred thousand keys in a table of four thousand are each read right, again and again', async (t) => {
  let cases = 0
  for (let round = 0; round < 2; round++)
    for (let i = 0; i < 100_000; i++) {
      const text = `key.${i}`
      assert.equal(read(Buffer.from(text)), text)
      assert.equal(read(Buffer.from(text)), text)
      cases++
    }
  t.equal(cases, 200_000)
})

test('keys that meet in one slot are told apart', async (t) => {
  // 31 * 'B' + 'B' = 31 * 'C' + '#', as everyone knows who has broken a hash of this kind
  const ends = ['BB', 'C#']
  let cases = 0
  for (let round = 0; round < 3; round++)
    for (let i = 0; i < 256; i++) {
      const text = Array.from({ length: 8 }, (_, bit) => ends[(i >> bit) & 1]).join('')
      assert.equal(read(Buffer.from(text)), text)
      cases++
    }
  t.ok(cases > 0)
})

test('a text that the table keeps is not that of bytes that have changed since', async (t) => {
  const bytes = Buffer.from('first')
  t.equal(read(bytes), 'first')
  bytes.write('other')
  t.equal(read(bytes), 'other')
})

test('of any length, and what is no UTF-8 becomes U+FFFD', async (t) => {
  for (const text of ['', 'é', 'x'.repeat(23), 'x'.repeat(24), 'x'.repeat(25), '𝄞'.repeat(100)])
    t.equal(read(Buffer.from(text)), text)
  t.equal(read(Buffer.from([0x61, 0xff, 0x62])), 'a\ufffdb')
  t.equal(read(Buffer.from([...Buffer.from('x'.repeat(40)), 0xc3])), `${'x'.repeat(40)}\ufffd`)
})
