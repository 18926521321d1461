// The reader of lines and the table of series against the plainest thing that does the same.
import { test } from 'tap'
import { Line, TYPES } from '../../../src/receivers/statsd/line.ts'
import { LineTable } from '../../../src/receivers/statsd/table.ts'
import { type Random, ROUNDS, seeded } from '../../data/random.ts'

const pick = <T>(random: Random, of: readonly T[]): T => of[random(of.length)]!
const NAMES = ['a', 'requests.count', 'größe', 'a b', '_e', 'x'.repeat(60), '', '_sc']
const VALUES = [
  '1',
  '-2',
  '+3.5',
  '0.1',
  '.5',
  '5.',
  '1e3',
  '1e999',
  '123456789012345678',
  '0.30000000000000004',
  'x',
  '',
  '-',
  '1:2',
  '3:x',
  '1 ',
]
const TYPE_NAMES = ['c', 'g', 'ms', 'h', 'd', 's', 'm', 'cc', '', 'C']
const PARTS = [
  '@0.5',
  '@1',
  '@0',
  '@',
  '@2',
  '#a:b',
  '#',
  '#a',
  '#a:b,c:d',
  'c:id',
  'T1700000000',
  'Tx',
  'e:x',
  'card:low',
  '?',
  '',
  'cc',
  '@1e-1',
]

const randomLine = (random: Random): string => {
  const parts = Array.from({ length: random(5) }, () => `|${pick(random, PARTS)}`)
  const line = `${pick(random, NAMES)}${random(20) === 0 ? '' : ':'}${pick(random, VALUES)}|${pick(random, TYPE_NAMES)}${parts.join('')}`
  if (random(10) > 0) return line
  const at = random(line.length + 1)
  return line.slice(0, at) + pick(random, ['|', ':', '@', '#', ' ', '\r']) + line.slice(at + random(2))
}

interface Plain {
  readonly name: string
  readonly values: string
  readonly type: string
  readonly rate: number
  readonly rest: readonly string[]
}

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/
const numberOf = (text: string): number => (DECIMAL.test(text) ? Number(text) : Number.NaN)
const types = new Map([
  ['c', 'counter'],
  ['g', 'gauge'],
  ['ms', 'timing'],
  ['h', 'histogram'],
  ['d', 'distribution'],
  ['s', 'set'],
])

/** Cut and cut again. Undefined when it is no line. */
function plain(text: string): Plain | undefined {
  const line = text.replace(/[ \t\r\0]+$/, '')
  if (/^(_e\{|_sc\|)/.test(line)) return undefined
  const [head = '', typeName = '', ...parts] = line.split('|')
  if (!line.includes('|')) return undefined
  const colon = head.indexOf(':')
  const [name, values] = [head.slice(0, colon), head.slice(colon + 1)]
  const type = types.get(typeName)
  if (colon <= 0 || values === '' || type === undefined) return undefined
  if (type !== 'set' && !Number.isFinite(numberOf(values.split(':')[0]!))) return undefined
  let rate = 1
  const rest: string[] = []
  for (const part of parts) {
    if (part === '') break
    if (part.startsWith('@')) {
      rate = numberOf(part.slice(1))
      if (!(rate > 0 && rate <= 1)) return undefined
    } else if (part.startsWith('#') || part.startsWith('c:')) rest.push(part)
    else if (part.startsWith('T')) {
      if ((type !== 'counter' && type !== 'gauge') || !/^T\d{1,10}$/.test(part)) return undefined
      rest.push(part)
    } else if (!part.startsWith('e:') && !part.startsWith('card:')) return undefined
  }
  return { name, values, type, rate, rest }
}

test('a line is read as by cutting it at its bars and colons', async (t) => {
  const random = seeded(11)
  const line = new Line()
  let cases = 0
  let read = 0
  for (; cases < ROUNDS * 500; cases++) {
    const text = randomLine(random)
    const bytes = Buffer.from(`before\n${text}\nafter`)
    const end = bytes.length - 6
    const problem = line.read(bytes, 7, end)
    const expected = plain(text)
    if ((problem === undefined) !== (expected !== undefined)) return t.fail(`${JSON.stringify(text)}: ${problem}`)
    if (expected === undefined) continue
    read++
    const rest = bytes.toString('utf8', line.restStart, line.restEnd)
    const first = expected.type === 'set' ? Number.NaN : numberOf(expected.values.split(':')[0]!)
    const found = {
      name: bytes.toString('utf8', line.nameStart, line.nameEnd),
      values: bytes.toString('utf8', line.valueStart, line.valueEnd),
      type: TYPES[line.type],
      rate: line.rate,
      rest: rest.split('|').filter((part) => /^(#|c:|T)/.test(part)),
    }
    const isSame = JSON.stringify(found) === JSON.stringify(expected)
    const isSameValue = expected.type === 'set' || Object.is(line.value, first)
    if (
      !isSame ||
      !isSameValue ||
      (line.hasMore !== (expected.type !== 'set' && expected.values.includes(':')) && expected.type !== 'set')
    )
      return t.fail(`${JSON.stringify(text)}: ${JSON.stringify(found)}, ${line.value}`)
    if (!line.hasGaps && rest !== expected.rest.join('|')) return t.fail(`${JSON.stringify(text)}: ${rest}`)
  }
  t.ok(cases > 0)
  t.ok(read > cases / 10, `${read} of ${cases} are lines`)
})

test('the table knows each combination of name, type, tags and sender, and no other', async (t) => {
  const random = seeded(12)
  const table = new LineTable()
  const line = new Line()
  let cases = 0
  for (let round = 0; round < 3; round++) {
    const known = new Map<string, number>()
    for (let i = 0; i < ROUNDS * 200; i++, cases++) {
      const sender = random(3)
      const [name, type, tags] = [`n${random(40)}`, pick(random, ['c', 'g', 'h']), `#k:${random(60)}`]
      const bytes = Buffer.from(`${name}:${random(1000)}|${type}|@0.5|${tags}`)
      line.read(bytes, 0, bytes.length)
      const key = `${sender} ${name} ${type} ${tags}`
      const found = table.find(line, sender, bytes)
      if (found !== (known.get(key) ?? -1)) return t.fail(`${key}: ${found} for ${known.get(key)}`)
      if (found >= 0) continue
      table.add(line, sender, bytes, i)
      known.set(key, i)
    }
    t.equal(table.size, known.size)
    table.clear()
    t.equal(table.size, 0)
  }
  t.ok(cases > 0)
})

test('a line longer than the table takes is gathered all the same', async (t) => {
  const table = new LineTable()
  const line = new Line()
  const bytes = Buffer.from(`a:1|c|#k:${'v'.repeat(5000)}`)
  line.read(bytes, 0, bytes.length)
  table.add(line, 0, bytes, 1)
  t.equal(table.find(line, 0, bytes), -1)
})
