// Stacks as the languages print them, many from the collector's own tests.
import { test } from 'tap'
import { parseTrace, type Trace } from '../../../src/aws/xray/stack-trace.ts'

const frame = (label: string, path: string, line: number): object => ({ path, line, label })

test('python: the innermost call first, earlier exceptions behind', async (t) => {
  const trace = parseTrace(
    `Traceback (most recent call last):
  File "bar.py", line 10, in greet_many
    greet(person)
  File "foo.py", line 5, in greet
    print(greeting + ', ' + who_to_greet(someone))
ValueError: bad value
with more on
new lines

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "main, really.py", line 14, in <module>
    greet_many(['Chad', 'Dan', 1])
  File "greetings.py", line 12, in greet_many
    print('hi, ' + person)
TypeError: must be str, not int`,
    'python',
  )
  t.strictSame(trace.frames, [frame('greet_many', 'greetings.py', 12), frame('<module>', 'main, really.py', 14)])
  t.strictSame(trace.causes, [
    {
      type: 'ValueError',
      message: 'bad value\nwith more on\nnew lines',
      truncated: 0,
      frames: [frame('greet', 'foo.py', 5), frame('greet_many', 'bar.py', 10)],
    },
  ])
  const direct = parseTrace(
    'E: a\n\nThe above exception was the direct cause of the following exception:\n\n  File "x.py", line 1\nF: b',
    'python',
  )
  t.strictSame(direct, {
    frames: [frame('', 'x.py', 1)],
    truncated: 0,
    causes: [{ type: 'E', message: 'a', frames: [], truncated: 0 }],
  })
})

test('javascript: functions, anonymous places, URLs, what is native', async (t) => {
  const { frames } = parseTrace(
    `TypeError: Cannot read property 'value' of null
    at speedy (/home/gbusey/file.js:6:11)
    at Object.<anonymous> (/home/gbusey/file.js:10:1)
    at node.js:906:3
    at Array.forEach (native)
    at native
    at async main (file:///app/dist/main.js:3:5)
    at C:\\app\\x.js:7:1
    at speedy (/home/gbusey/file.js)
    at makeFaster (/home/gbusey/file.js:5:3)malformed123
    at Object.<anonymous> (/home/gbusey/file.js:10`,
    'nodejs',
  )
  t.strictSame(frames, [
    frame('speedy', '/home/gbusey/file.js', 6),
    frame('Object.<anonymous>', '/home/gbusey/file.js', 10),
    frame('', 'node.js', 906),
    frame('Array.forEach', 'native', 0),
    frame('', 'native', 0),
    frame('async main', 'file:///app/dist/main.js', 3),
    frame('', 'C:\\app\\x.js', 7),
    frame('speedy', '/home/gbusey/file.js', 0),
  ])
})

test('dotnet: inner exceptions are causes', async (t) => {
  const simple = parseTrace(
    `System.FormatException: Input string was not in a correct format.
	at System.Int32.Parse(String s)
	at MyNamespace.IntParser.Parse(String s) in C:\\apps\\MyNamespace\\IntParser.cs:line 11`,
    'dotnet',
  )
  t.strictSame(simple, {
    frames: [
      frame('System.Int32.Parse(String s)', '', 0),
      frame('MyNamespace.IntParser.Parse(String s)', 'C:\\apps\\MyNamespace\\IntParser.cs', 11),
    ],
    truncated: 0,
    causes: [],
  })
  const inner = parseTrace(
    [
      'System.Exception: Second exception happened',
      ' ---> System.Exception: Error happened when get weatherforecasts',
      '   at TestAppApi.Services.ForecastService.Get() in D:\\ForecastService.cs:line 9',
      '   --- End of inner exception stack trace ---',
      '   at TestAppApi.Services.ForecastService.Get() in D:\\ForecastService.cs:line 12',
    ].join('\r\n'),
    'dotnet',
  )
  t.strictSame(inner.frames, [frame('TestAppApi.Services.ForecastService.Get()', 'D:\\ForecastService.cs', 12)])
  t.match(inner.causes, [
    {
      type: 'System.Exception',
      message: 'Error happened when get weatherforecasts',
      frames: [frame('TestAppApi.Services.ForecastService.Get()', 'D:\\ForecastService.cs', 9)],
    },
  ])
})

test('php: as its SDK prints it, and by itself', async (t) => {
  const sdk = parseTrace(
    `Exception: Thrown from class C
	at C.exc(test.php:74)
	at main(test.php:89)
Caused by: Exception: Thrown from class B
	at B.exc(test.php:59)
	... 3 more
Caused by: Exception: Thrown from class A
	at A.exc(test.php:48)
	... 4 more`,
    'php',
  )
  t.strictSame(sdk.frames, [frame('C.exc', 'test.php', 74), frame('main', 'test.php', 89)])
  t.match(sdk.causes, [
    { type: 'Exception', message: 'Thrown from class B', truncated: 3, frames: [frame('B.exc', 'test.php', 59)] },
    { type: 'Exception', message: 'Thrown from class A', truncated: 4, frames: [frame('A.exc', 'test.php', 48)] },
  ])
  const own = parseTrace('#0 /app/x(y).php(12): A->b(1)\n#1 [internal function]: C::d()\n#2 {main}', 'php')
  t.strictSame(own.frames, [frame('A->b(1)', '/app/x(y).php', 12), frame('C::d()', '', 0), frame('{main}', '', 0)])
})

test('go: pairs of lines, also of several goroutines', async (t) => {
  const { frames } = parseTrace(
    `goroutine 19 [running]:
go.opentelemetry.io/otel/sdk/trace.recordStackTrace(0x0, 0x0)
	otel-go-core/opentelemetry-go/sdk/trace/span.go:323 +0x9b
goroutine 26 [running]:
testing.tRunner(0xc000102900, 0x1484410)
	/usr/local/Cellar/go/1.16.3/libexec/src/testing/testing.go:1193 +0x1a3
created by testing.(*T).Run
	/usr/local/Cellar/go/1.16.3/libexec/src/testing/testing.go:1238 +0x63c`,
    'go',
  )
  t.strictSame(frames, [
    frame(
      'go.opentelemetry.io/otel/sdk/trace.recordStackTrace(0x0, 0x0)',
      'otel-go-core/opentelemetry-go/sdk/trace/span.go',
      323,
    ),
    frame(
      'testing.tRunner(0xc000102900, 0x1484410)',
      '/usr/local/Cellar/go/1.16.3/libexec/src/testing/testing.go',
      1193,
    ),
    frame('created by testing.(*T).Run', '/usr/local/Cellar/go/1.16.3/libexec/src/testing/testing.go', 1238),
  ])
})

test('ruby: the first line has the message, causes follow', async (t) => {
  const trace = parseTrace(
    `/app/lib/cart.rb:12:in 'Cart#pay': no money (PaymentError)
	from /app/lib/cart.rb:5:in \`block in run'
	from bin/app:3:in '<main>'
/app/lib/bank.rb:8:in 'Bank#debit': limit (of today) (LimitError)
	from /app/lib/cart.rb:11:in 'Cart#pay'`,
    'ruby',
  )
  t.strictSame(trace.frames, [
    frame('Cart#pay', '/app/lib/cart.rb', 12),
    frame('block in run', '/app/lib/cart.rb', 5),
    frame('<main>', 'bin/app', 3),
  ])
  t.match(trace.causes, [
    {
      type: 'LimitError',
      message: 'limit (of today)',
      frames: [frame('Bank#debit', '/app/lib/bank.rb', 8), frame('Cart#pay', '/app/lib/cart.rb', 11)],
    },
  ])
})

test('a language that is not told is told by what the stack looks like', async (t) => {
  const texts = [
    'E\n\tat a.b(C.java:1)',
    'Traceback (most recent call last):\n  File "a.py", line 1, in b\nE: x',
    'E\n    at a (b.js:1:2)',
    'E: x\n   at A.b() in c.cs:line 1',
    'x\ngoroutine 1 [running]:\nmain.f()\n\t/a.go:1 +0x1',
    'E\n#0 a.php(1): b()',
    "a.rb:1:in 'b': x (E)",
  ]
  for (const text of texts) t.equal(parseTrace(text, '').frames.length, 1, text)
  t.strictSame(parseTrace('who knows', 'cobol'), { frames: [], truncated: 0, causes: [] } satisfies Trace)
})

test('hostile stacks come to an end and throw nothing', async (t) => {
  const languages = ['java', 'python', 'nodejs', 'dotnet', 'php', 'go', 'ruby', '']
  const texts = [
    '',
    '\n',
    ': '.repeat(500_000),
    ' ('.repeat(500_000),
    '\tat ('.repeat(200_000),
    '\tat a(b)\n'.repeat(100_000),
    'Caused by: \n'.repeat(50_000),
    '  File ", line \n'.repeat(50_000),
    'During handling of the above exception, another exception occurred:\n'.repeat(3000),
    `x${' ---> '.repeat(100_000)}`,
    `\n${' '.repeat(250_000)}:1`,
    '#0 ((((): '.repeat(50_000),
    "a:1:in '': (".repeat(50_000),
    '    at :1:1\n'.repeat(50_000),
  ]
  for (const language of languages)
    for (const text of texts)
      t.type(parseTrace(text, language).frames.length, 'number', `${language} ${text.slice(0, 12)}`)
})
