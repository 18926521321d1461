import { test } from 'tap'
import { FakeOtlpHttp } from '../kit/fake-otlp-http.ts'
import { sluice } from '../kit/process.ts'

test('generate sends what the command line says', async (t) => {
  const server = await new FakeOtlpHttp().start()
  t.teardown(() => server.stop())
  const args = ['generate', 'traces', '--endpoint', server.url, '--rate', '50', '--duration', '1s', '--batch', '20']
  const { code, stdout, stderr } = await sluice([...args, '--headers', 'x-a=1', '-H', 'x-b=c=d', '--seed', '5'])
  t.equal(code, 0, stderr)
  t.match(stdout, /^sent 50 spans to http:\/\/127\.0\.0\.1:\d+ \(http\)/)
  t.equal(server.requests.length, 3)
  t.same(
    ['x-a', 'x-b'].map((name) => server.requests[0]!.headers.get(name)),
    ['1', 'c=d'],
  )
})

test('generate says when nobody listens, and ends with exit code 1', async (t) => {
  const server = await new FakeOtlpHttp().start()
  await server.stop()
  const { code, stdout } = await sluice(['generate', '--endpoint', server.url, '--duration', '1m'])
  t.equal(code, 1)
  t.match(stdout, /^nothing could be sent/)
})

test('a command line that is wrong is explained, with exit code 2', async (t) => {
  for (const [args, message] of [
    [['spans'], /There are traces, metrics, logs and all/],
    [['--rate', 'many'], /whole number/],
    [['--duration', '5 minutes'], /a time such as/],
    [['--headers', 'nothing'], /key=value/],
    [['--protocol', 'udp'], /grpc, http, http\/json/],
    [['--endpoint', 'ftp://x'], /must begin with http/],
  ] as const) {
    const { code, stderr } = await sluice(['generate', ...args])
    t.equal(code, 2, args.join(' '))
    t.match(stderr, message)
  }
})
