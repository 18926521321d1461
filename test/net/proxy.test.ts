import { test } from 'tap'
import { proxyFor, proxyProblem } from '../../src/net/proxy.ts'

const chosen = (url: string, environment: Record<string, string>, configured = ''): string | undefined =>
  proxyFor(new URL(url), configured, environment)?.href

test('the environment has a proxy for each scheme, in either case of letters', async (t) => {
  const environment = { HTTP_PROXY: 'http://a:1', https_proxy: 'http://b:2', HTTPS_PROXY: 'http://c:3' }
  t.equal(chosen('http://x.example', environment), 'http://a:1/')
  t.equal(chosen('https://x.example', environment), 'http://b:2/')
  t.equal(chosen('https://x.example', { HTTP_PROXY: 'http://a:1' }), undefined)
  t.equal(chosen('http://x.example', { http_proxy: 'proxy.example:3128' }), 'http://proxy.example:3128/')
})

test('a configured proxy is always used, even for this machine', async (t) => {
  t.equal(
    chosen('http://localhost:4318', { NO_PROXY: '*', HTTP_PROXY: 'http://a:1' }, 'http://mine:1'),
    'http://mine:1/',
  )
})

test('this machine is never reached through a proxy of the environment', async (t) => {
  for (const host of ['localhost', '127.0.0.1', '127.8.8.8', '[::1]'])
    t.equal(chosen(`http://${host}:4318`, { HTTP_PROXY: 'http://a:1' }), undefined, host)
})

test('NO_PROXY lists names, addresses and networks', async (t) => {
  const isDirect = (no_proxy: string, url: string) => chosen(url, { no_proxy, http_proxy: 'http://a:1' }) === undefined
  for (const [noProxy, url, isListed] of [
    ['*', 'http://any.example', true],
    ['example.com', 'http://example.com', true],
    ['example.com', 'http://otlp.example.com', true],
    ['example.com', 'http://notexample.com', false],
    ['.example.com', 'http://otlp.example.com', true],
    ['.example.com', 'http://example.com', false],
    ['*.example.com', 'http://a.example.com', true],
    ['EXAMPLE.com , other', 'http://example.com', true],
    ['example.com:4318', 'http://example.com:4318', true],
    ['example.com:4318', 'http://example.com', false],
    ['example.com:80', 'http://example.com', true],
    ['10.0.0.0/8', 'http://10.1.2.3:4318', true],
    ['10.0.0.0/8', 'http://11.1.2.3:4318', false],
    ['10.0.0.0/99', 'http://10.1.2.3', false],
    ['10.0.0.7', 'http://10.0.0.7', true],
    ['0.0.7', 'http://10.0.0.7', false],
    ['fd00::/8', 'http://[fd12::1]:4318', true],
    ['[fd12::1]:4318', 'http://[fd12::1]:4318', true],
    ['', 'http://example.com', false],
  ] as const)
    t.equal(isDirect(noProxy, url), isListed, `${noProxy} ${url}`)
})

test('a proxy that cannot be used is an error that does not show it', async (t) => {
  t.throws(() => chosen('http://x.example', { http_proxy: 'socks5://user:pass@a:1' }), { message: /HTTP_PROXY: SOCKS/ })
  t.throws(() => chosen('http://x.example', { http_proxy: 'http://user:pass@a:b' }), { message: /^(?!.*pass)/ })
  t.equal(proxyProblem('http://a:1'), undefined)
  t.match(proxyProblem('a:1'), /http:\/\//)
})
