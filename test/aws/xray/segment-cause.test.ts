// Facts of the collector's own tests for its X-Ray exporter, and what it loses.
import { test } from 'tap'
import { type Document, documentOf, START, type TestSpan } from './segments.ts'

const exceptionsOf = (span: TestSpan, resource: Record<string, string> = {}): Document[] =>
  documentOf(span, resource).cause?.exceptions

const ID = /^[0-9a-f]{16}$/

test('exceptions are events; a call throws elsewhere', async (t) => {
  const events = [
    { name: 'exception', attributes: { 'exception.type': 'com.foo.Exception', 'exception.message': 'Error happened' } },
    { name: 'exception', attributes: { 'exception.message': 'Another\n"error"' } },
  ]
  for (const kind of ['client', 'server'] as const) {
    const exceptions = exceptionsOf({ kind, events, status: { code: 2, message: 'not this one' } })
    t.match(exceptions, [
      { id: ID, type: 'com.foo.Exception', message: 'Error happened' },
      { id: ID, message: 'Another\n"error"' },
    ])
    t.equal(exceptions.length, 2)
    t.not(exceptions[0].id, exceptions[1].id)
    for (const exception of exceptions) t.equal(exception.remote, kind === 'client' ? true : undefined)
  }
  t.equal(exceptionsOf({ events }).length, 2, 'without an error too')
  t.strictSame(exceptionsOf({ events }), exceptionsOf({ events }), 'the same ids each time')
})

test('without exceptions the message of the status is the cause', async (t) => {
  t.match(exceptionsOf({ status: { code: 2, message: 'this is a test' } }), [{ id: ID, message: 'this is a test' }])
  const text = documentOf({ status: { code: 2 }, attributes: { 'http.status_text': 'this is a test' } })
  t.match(text.cause.exceptions, [{ message: 'this is a test' }])
  t.notOk(text.metadata)
  const both = documentOf({ status: { code: 2, message: 'one' }, attributes: { 'http.status_text': 'other' } })
  t.match(both.cause.exceptions, [{ message: 'one' }])
  t.equal(both.metadata.default['http.status_text'], 'other')
  t.notOk(documentOf({ status: { code: 2 } }).cause)
  t.notOk(documentOf({ status: { code: 1, message: 'fine' } }).cause)
})

test('what AWS’s SDKs tell of attempts that failed', async (t) => {
  const events = [
    {
      name: 'HTTP request failure',
      time: START,
      attributes: { 'http.response.status_code': 503, 'aws.http.error_message': 'service is temporarily unavailable' },
    },
    { name: 'HTTP request failure', attributes: { 'http.response.status_code': 500 } },
  ]
  t.match(exceptionsOf({ kind: 'client', attributes: { 'rpc.system': 'aws-api' }, events }), [
    {
      id: ID,
      type: 'aws.http.error.event',
      remote: true,
      message: '503@1720000000.123456@service is temporarily unavailable',
    },
  ])
  t.notOk(documentOf({ kind: 'client', events }).cause)
})

const javaStack = `java.lang.IllegalStateException: state is not legal
	at io.opentelemetry.sdk.trace.SpanTest.recordException(SpanTest.java:626)
	at java.base/jdk.internal.reflect.NativeMethodAccessorImpl.invoke0(Native Method)
	at java.base/jdk.internal.reflect.NativeMethodAccessorImpl.invoke(NativeMethodAccessorImpl.java:62)afaefaef
	at java.base/jdk.internal.reflect.NativeMethodAccessorImpl.invoke
	at java.base/java.util.ArrayList.forEach(ArrayList.java:)
	Suppressed: Resource$CloseFailException: Resource ID = 2
		at Resource.close(Resource.java:26)
Caused by: java.lang.IllegalArgumentException: bad argument
and more of it
	at org.junit.ThrowableCollector.execute(ThrowableCollector.java:73)
	... 99 more
Caused by: java.lang.Error`

test('a stack of Java: frames, causes, and how many are left out', async (t) => {
  const event = {
    name: 'exception',
    attributes: { 'exception.type': 'T', 'exception.message': 'm', 'exception.stacktrace': javaStack },
  }
  const [first, second, third, ...more] = exceptionsOf(
    { kind: 'client', events: [event] },
    { 'telemetry.sdk.language': 'java' },
  )
  t.strictSame(more, [])
  t.match(first, { type: 'T', message: 'm', cause: second.id, remote: true })
  t.strictSame(first.stack, [
    { path: 'SpanTest.java', line: 626, label: 'io.opentelemetry.sdk.trace.SpanTest.recordException' },
    { path: 'Native Method', line: 0, label: 'jdk.internal.reflect.NativeMethodAccessorImpl.invoke0' },
    { path: 'ArrayList.java', line: 0, label: 'java.util.ArrayList.forEach' },
  ])
  t.match(second, {
    type: 'java.lang.IllegalArgumentException',
    message: 'bad argument\nand more of it',
    truncated: 99,
    cause: third.id,
    remote: true,
    stack: [{ path: 'ThrowableCollector.java', line: 73 }],
  })
  t.strictSame(third, { id: third.id, type: 'java.lang.Error', remote: true })
})

test('a stack in no language that is known is not lost', async (t) => {
  const attributes = {
    'exception.type': 'T',
    'exception.stacktrace': 'somewhere, somehow',
    'exception.escaped': true,
    more: 1,
  }
  const document = documentOf({ events: [{ name: 'exception', attributes }] })
  t.strictSame(
    document.cause.exceptions.map(({ id: _id, ...rest }: Document) => rest),
    [{ type: 'T' }],
  )
  t.strictSame(document.metadata.default['otel.events'], [
    {
      name: 'exception',
      time: '2024-07-03T09:46:40.123456789Z',
      attributes: { 'exception.stacktrace': 'somewhere, somehow', more: 1 },
    },
  ])
})

test('other events are metadata', async (t) => {
  const document = documentOf({
    events: [
      { name: 'cache "miss"', attributes: { key: 'a', sizes: [1, 2] } },
      { name: 'exception', attributes: { 'exception.type': 'T' } },
      { name: 'done', time: 1_720_000_001_000_000_000n },
    ],
  })
  t.strictSame(document.metadata.default['otel.events'], [
    { name: 'cache "miss"', time: '2024-07-03T09:46:40.123456789Z', attributes: { key: 'a', sizes: [1, 2] } },
    { name: 'done', time: '2024-07-03T09:46:41.000000000Z' },
  ])
})
