import { RE2JS } from 're2js'
import { test } from 'tap'
import { parseQuick } from '../../src/match/quick.ts'
import { compilePattern } from '../../src/match/regexp.ts'
import { seeded } from '../data/random.ts'

test('a pattern is found anywhere, unless it is anchored', async (t) => {
  t.equal(compilePattern('b+').test('abbc'), true)
  t.equal(compilePattern('^b').test('ab'), false)
  t.equal(compilePattern('(?i)B').test('abc'), true)
  t.equal(compilePattern('^.$').test('𝄞'), true, 'a character is a code point')
  t.equal(compilePattern('a$').test('a\n'), false)
  t.equal(compilePattern('\\pL{2}').test('1éß2'), true)
})

test('groups come by number and name, "" when they took no part', async (t) => {
  for (const source of ['^/(?P<version>v\\d+)/(x)?(?P<rest>.*)$', '(?i)^/(?P<version>v\\d+)/(X)?(?P<rest>.*)$']) {
    const pattern = compilePattern(source)
    t.same(pattern.groupNames, ['version', undefined, 'rest'])
    t.same(pattern.groups('/v12/users'), ['v12', '', 'users'])
    t.equal(pattern.groups('v12'), undefined)
  }
})

test('what cannot be matched in linear time, or is no pattern, is refused with the reason', async (t) => {
  const complaint = (source: string): string => {
    try {
      compilePattern(source)
      return ''
    } catch (error) {
      return error instanceof SyntaxError ? error.message : `not a syntax error: ${error}`
    }
  }
  t.match(complaint('a(?=b)'), /^lookahead and lookbehind are not supported/)
  t.match(complaint('(?<!a)b'), /^lookahead and lookbehind are not supported/)
  t.match(complaint('(a)\\1'), /^back-references are not supported/)
  t.match(complaint('(?P<n>a)(?P<n>b)'), /duplicate/)
  t.match(complaint('(a'), /missing closing \)/)
  t.match(complaint('[b-a]'), /invalid character class range/)
  t.match(complaint('a**'), /invalid nested repetition/)
  t.match(complaint('a{1001}'), /invalid repeat count/)
  t.match(complaint('(?:a{1000}){1000}'), /repeat|large/)
  t.match(complaint('x'.repeat(10_000_000)), /too long: 10000000 characters, at most 16384/)
})

test('no text makes a pattern slow', async (t) => {
  const patterns = [
    '^(a+)+$',
    '(.*)*x',
    'a+b',
    'a+a+b',
    '(a|aa)+$',
    '(x+x+)+y',
    '[^x]*[^x]*x',
    'a{1,100}b',
    '(?:a{1,30}){1,30}b',
    '(?i)a+b',
    '(?i)\\p{L}+x',
    '(a*)*b',
    '.*a.*a.*b',
    'a*?a*?b',
    '^a*a*a*b',
    '(?P<n>a+)(?P<m>a+)c',
  ]
  const long = `${'a'.repeat(3_000_000)}!`
  const short = Array.from({ length: 1000 }, (_, i) => `${'a'.repeat(i)}!`)
  // About 30 ms each; a quadratic search would take a quarter of an hour, which is more than a file of tests may.
  for (const source of patterns) {
    const pattern = compilePattern(source)
    t.equal(pattern.test(long), pattern.groups(long) !== undefined, `${source}, megabytes`)
    t.equal(
      short.filter((text) => pattern.test(text)).length > 0,
      pattern.test(short.at(-1)!),
      `${source}, short texts`,
    )
  }
})

test('groups are found where they are, whichever engine looks', async (t) => {
  for (const source of ['/(v(\\d+))?/?([a-z]*)', '(?i)/(v(\\d+))?/?([a-z]*)']) {
    const pattern = compilePattern(source)
    t.same(pattern.ranges('é/v12/users'), [
      [2, 5],
      [3, 5],
      [6, 11],
    ])
    t.same(pattern.ranges('/users'), [undefined, undefined, [1, 6]])
    t.equal(pattern.ranges('users'), undefined)
  }
  const long = `${'x'.repeat(1_000_000)}/v1/`
  t.same(compilePattern('/(v\\d+)/').ranges(long), [[1_000_001, 1_000_003]])
})

test('ten thousand groups are compiled or refused, not waited for', async (t) => {
  try {
    compilePattern('()'.repeat(8000)).test('x')
  } catch (error) {
    t.ok(error instanceof SyntaxError)
  }
  t.ok(compilePattern('()').test(''))
})

test('plain patterns run on the quick engine, dangerous ones do not', async (t) => {
  for (const source of [
    '^GET /api/.*',
    'users/(\\d+)/x',
    '^(a|b|c)$',
    'foo\\.bar',
    '[a-z-]+@[^@]+',
    '\\bfoo\\b',
    '^\\d{3}$',
  ])
    t.ok(parseQuick(source), source)
  for (const source of [
    '(a+)+',
    '(?i)a',
    'a{0,1000}',
    '(a|b)*',
    '\\pL',
    'é',
    '[[:alpha:]]',
    '(?m)^a',
    'a**',
    '(a',
    'a??',
    '\\B',
  ])
    t.equal(parseQuick(source), undefined, source)
  t.ok(parseQuick('a+b')!.maxLength <= 512)
  t.ok(parseQuick('^a+b')!.maxLength > 100_000)
})

test('the quick engine finds what RE2 finds', async (t) => {
  const random = seeded(3)
  const pick = <T>(list: readonly T[]): T => list[random(list.length)]!
  const atoms = [
    'a',
    'b',
    '-',
    '\\.',
    '.',
    '[ab]',
    '[^a]',
    '[^b-]',
    '\\d',
    '\\D',
    '\\w',
    '\\W',
    '\\s',
    '\\S',
    '^',
    '$',
    '\\b',
    '\\A',
    '\\z',
    '[a-c]',
    '/',
    '[\\d-]',
    '"',
  ]
  const quantifiers = ['', '', '', '', '*', '+', '?', '*?', '+?', '{2}', '{1,3}']
  const sequence = (depth: number): string =>
    Array.from({ length: 1 + random(4) }, () => {
      if (depth < 2 && random(4) === 0)
        return `${pick(['(', '(?:', `(?P<n${random(1e9)}>`])}${alternation(depth + 1)})${pick(['', '', '?'])}`
      const atom = pick(atoms)
      return /^[\^$]|\\[bAz]/.test(atom) ? atom : atom + pick(quantifiers)
    }).join('')
  const alternation = (depth: number): string => Array.from({ length: 1 + random(2) }, () => sequence(depth)).join('|')
  const characters = ['a', 'b', 'c', '-', '.', '1', ' ', '\n', '\r', 'é', '𝄞', '\u2028', '/', '"', '_', 'A']

  let cases = 0
  for (let i = 0; i < 4000; i++) {
    const source = alternation(0)
    const quick = parseQuick(source)
    if (quick === undefined) continue
    const re2 = RE2JS.compile(source)
    for (let j = 0; j < 8; j++) {
      const text = Array.from({ length: random(8) }, () => pick(characters)).join('')
      const matcher = re2.matcher(text)
      const expected = matcher.find()
        ? Array.from({ length: re2.groupCount() + 1 }, (_, group) => matcher.group(group) ?? '')
        : undefined
      const match = quick.regExp.exec(text)
      const found = match === null ? undefined : Array.from(match, (group) => group ?? '')
      cases++
      if (JSON.stringify(found) !== JSON.stringify(expected))
        t.fail(`/${source}/ on ${JSON.stringify(text)}: ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`)
    }
  }
  t.ok(cases > 5000, `${cases} cases`)
})
