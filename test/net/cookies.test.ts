import { test } from 'tap'
import { CookieJar } from '../../src/net/cookies.ts'
import { FakeClock } from '../../src/testing/index.ts'

const url = (text: string) => new URL(text)
const from = url('https://otlp.example.com/v1/traces')

test('a cookie goes back to its host, below its path, until it expires', async (t) => {
  const clock = new FakeClock()
  const jar = new CookieJar(clock)
  jar.take(from, ['a=1; Path=/', 'b=2', 'c=3; Path=/; Max-Age=60', 'd=4; Path=/v1; Secure'])
  t.equal(jar.headerFor(from), 'a=1; b=2; c=3; d=4')
  t.equal(jar.headerFor(url('https://otlp.example.com/v2/logs')), 'a=1; c=3')
  t.equal(jar.headerFor(url('http://otlp.example.com/v1/logs')), 'a=1; b=2; c=3', 'Secure')
  t.equal(jar.headerFor(url('https://otlp.example.com/v10')), 'a=1; c=3', 'a path is whole segments')
  t.equal(jar.headerFor(url('https://other.example.com/')), undefined)
  await clock.advance(60_000)
  t.equal(jar.headerFor(url('https://otlp.example.com/')), 'a=1')
})

test('a cookie may be for a domain that the host belongs to, and for no other', async (t) => {
  const jar = new CookieJar(new FakeClock())
  jar.take(from, ['a=1; Domain=.example.com; Path=/', 'b=2; Domain=com; Path=/', 'c=3; Domain=evil.example; Path=/'])
  t.equal(jar.headerFor(url('https://other.example.com/')), 'a=1')
  t.equal(jar.headerFor(url('https://example.com/')), 'a=1')
})

test('setting again replaces, an expired date deletes, nonsense is left out', async (t) => {
  const jar = new CookieJar(new FakeClock())
  jar.take(from, ['a=1; Path=/', 'b=2; Path=/'])
  jar.take(from, [
    'a=9; Path=/',
    'b=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT',
    '',
    '=x',
    'no',
    'x=\u0001y',
    `l=${'x'.repeat(5000)}`,
  ])
  t.equal(jar.headerFor(from), 'a=9')
})

test('a destination cannot fill the memory with cookies', async (t) => {
  const jar = new CookieJar(new FakeClock())
  for (let i = 0; i < 1000; i++) jar.take(from, [`c${i}=1; Path=/`])
  t.equal(jar.headerFor(from)!.split(';').length, 64)
})
