import { test } from 'tap'
import {
  ConfigError,
  formatPath,
  formatProblems,
  loadConfig,
  type Problem,
  parseService,
  printConfig,
} from '../../src/config/index.ts'
import { locationOf } from '../../src/config/problem.ts'
import { Source } from '../../src/config/source.ts'
import { known } from './known.ts'

const source = new Source(
  'c.yaml',
  'a:\r\n\tb: token\n  password: hush\n  headers:\n    X: hush\n  url: http://me:hush@h/\nlast',
)
const locate = (text: string, from = 0) => {
  const start = source.text.indexOf(text, from)
  return locationOf({ source, start, end: start + text.length })
}

test('a report shows place, path, message, code, the line with what is meant underlined, and a hint', async (t) => {
  t.equal(
    formatProblems([
      {
        severity: 'warning',
        code: 'no_effect',
        message: 'is odd',
        path: ['x', 'list', 2, 'y'],
        location: locate('last'),
      },
      {
        severity: 'error',
        code: 'wrong_type',
        message: 'is wrong',
        path: ['a', 'b'],
        location: locate('token'),
        hint: 'write it right',
      },
      { severity: 'error', code: 'no_config', message: 'is nowhere', path: [] },
    ]),
    [
      'c.yaml:2:5: a::b: is wrong [wrong_type]',
      '    2 | \tb: token',
      '      | \t   ^^^^^',
      '    write it right',
      'c.yaml:7:1: warning: x::list[2]::y: is odd [no_effect]',
      '    7 | last',
      '      | ^^^^',
      'is nowhere [no_config]',
    ].join('\n'),
  )
  t.equal(
    new ConfigError([{ severity: 'error', code: 'wrong_type', message: 'is wrong', path: ['a'] }]).message,
    'a: is wrong [wrong_type]',
  )
  t.equal(formatPath(['actions', 2, 'key']), 'actions[2]::key')
})

test('lines and columns count from one, whatever ends a line', async (t) => {
  t.match(locate('a:'), { line: 1, column: 1, text: 'a:' })
  t.match(locate('b:'), { line: 2, column: 2 })
  t.match(locate('last'), { line: 7, column: 1, text: 'last' })
  t.match(locationOf({ source, start: source.text.length, end: source.text.length }), { line: 7, column: 5 })
  t.match(locationOf({ source: new Source('x', ''), start: 0, end: 0 }), { line: 1, column: 1, text: '' })
})

test('a quoted line hides what its keys, or the keys above it, call a secret', async (t) => {
  t.equal(locate('password').text, '  password: [REDACTED]')
  t.equal(locate('X:').text, '    X: [REDACTED]')
  t.equal(locate('url').text, '  url: http://[REDACTED]@h/')
  const block = new Source('c', 'private_key: |\n  abc\n  def\nnext: 1')
  t.equal(locationOf({ source: block, start: 17, end: 20 }).text, '[REDACTED]')
  t.equal(locationOf({ source: block, start: block.text.indexOf('next'), end: block.text.length }).text, 'next: 1')
  const flow = new Source('c', 'x: {headers: {A: hush, B: {c: hush}}, token: hush}')
  t.notMatch(locationOf({ source: flow, start: 0, end: 1 }).text, /hush/)
  const list = new Source('c', 'tokens: [hush]\nclient_secret = hush\n"api-key": "hush, hush"')
  for (const start of [0, 15, 36]) t.notMatch(locationOf({ source: list, start, end: start + 1 }).text, /hush/)
})

test('what is meant and hidden has no caret', async (t) => {
  const hidden = new Source('c', 'headers: {a: hush, b: ${env:X}}')
  const problem: Problem = { severity: 'error', code: 'wrong_type', message: 'is wrong', path: [] }
  t.equal(
    formatProblems([{ ...problem, location: locationOf({ source: hidden, start: 22, end: 30 }) }]),
    'c:1:23: is wrong [wrong_type]\n    1 | headers: [REDACTED]',
  )
  const far = new Source('c', `headers: {a: ${'x'.repeat(200)}, b: 1}`)
  const behind = { ...problem, location: locationOf({ source: far, start: 217, end: 218 }) }
  t.equal(formatProblems([behind]), 'c:1:218: is wrong [wrong_type]\n    1 | headers: [REDACTED]')
})

test('a long line is shown in part, an endless one not at all', async (t) => {
  const long = new Source('c', `a: [${'x, '.repeat(100)}HERE, ${'y, '.repeat(100)}]`)
  const start = long.text.indexOf('HERE')
  const report = formatProblems([
    {
      severity: 'error',
      code: 'wrong_type',
      message: 'is wrong',
      path: [],
      location: locationOf({ source: long, start, end: start + 4 }),
    },
  ]).split('\n')
  t.ok(report.every((line) => line.length < 150))
  t.equal(report[1]?.slice(report[2]?.indexOf('^'), (report[2]?.lastIndexOf('^') ?? 0) + 1), 'HERE')
  const endless = new Source('c', 'x'.repeat(1_000_000))
  t.equal(locationOf({ source: endless, start: 5, end: 6 }).text, undefined)
})

test('hostile lines, keys and texts cost no time', async (t) => {
  const long = 200_000
  for (const text of [
    `a: ${'a.'.repeat(long)}`,
    `${'a'.repeat(long)}:b\nc: d`,
    `a: "${'x:y@'.repeat(long / 4)}"\nb: [`,
    `a: {b}${' x'.repeat(long)}`,
    `a: b: ${': '.repeat(long)}`,
    `${'k'.repeat(long)}: 1`,
    `a: "${' '.repeat(long)}`,
    'a:\n'.repeat(long / 10),
    `a: [1${',"${1}"'.repeat(long / 20)}]`,
    `${Array.from({ length: 5000 }, (_, i) => `x${i}: 1`).join('\n')}`,
    `exporters: {${'b'.repeat(long)}: }`,
  ]) {
    let report = ''
    try {
      const loaded = await loadConfig({ sources: ['env:C'], env: { C: text } })
      report = printConfig(loaded).slice(0, 100) + formatProblems(parseService(loaded, known).problems)
    } catch (error) {
      report = String(error)
    }
    t.ok(report.length < 20_000)
  }
})

test('a list of what there is stands once in a report, the first time', async (t) => {
  const yaml = 'receivers: {one1: , two2: }\nexporters: {three3: }\nprocessors: {four4: , batchh: , five5: }'
  const { problems } = parseService(await loadConfig({ sources: [`yaml:${yaml}`] }), known)
  const report = formatProblems(problems.filter(({ code }) => code === 'unknown_component'))
  t.match(report.match(/^ {4}(there are|did you mean) .*$/gm), [
    /^ +there are .*otlp,/,
    '    there are those named above',
    /^ +there are .*debug,/,
    /^ +there are .*batch,/,
    '    did you mean batch?',
    '    there are those named above',
  ])
})
