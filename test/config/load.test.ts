import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Test, test } from 'tap'
import { ConfigError, type LoadOptions, loadConfig } from '../../src/config/index.ts'

const load = async (options: Partial<LoadOptions>) => loadConfig({ sources: [], env: {}, ...options })
const json = async (...sources: string[]) =>
  JSON.stringify((await load({ sources: sources.map((text) => `yaml:${text}`) })).root)
const messages = async (options: Partial<LoadOptions>): Promise<string[]> => {
  try {
    await load(options)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ message }) => message)
    throw error
  }
  return []
}

test('several sources are merged: mappings key by key, everything else by what comes last', async (t) => {
  t.equal(await json('a: {b: 1, c: {d: 2}}', 'a: {c: {e: 3}, f: 4}'), '{"a":{"b":1,"c":{"d":2,"e":3},"f":4}}')
  t.equal(await json('a: [1, 2]', 'a: [3]'), '{"a":[3]}')
  t.equal(await json('a: {b: 1}', 'a: x'), '{"a":"x"}')
  t.equal(await json('a: x', 'a: {b: 1}'), '{"a":{"b":1}}')
})

test('a null over a mapping takes it away, an empty mapping changes nothing', async (t) => {
  t.equal(await json('a: {b: 1}', 'a: '), '{"a":null}')
  t.equal(await json('a: {b: 1}', 'a: {}'), '{"a":{"b":1}}')
  t.equal(await json('a: ', 'a: {b: 1}'), '{"a":{"b":1}}')
  t.equal(await json('a: {b: {c: 1}}', 'a: {b: }'), '{"a":{"b":null}}')
  t.equal(await json('a: 1', ''), '{"a":1}')
})

test('a reference is replaced as a whole by what comes later, before it is looked up', async (t) => {
  t.equal(await json('a: ${file:/nowhere}', 'a: {b: 1}'), '{"a":{"b":1}}')
})

test('a key with :: in it stands for nested mappings, but not in lists', async (t) => {
  t.equal(await json('a::b::c: 1\na: {b: {d: 2}}'), '{"a":{"b":{"c":1,"d":2}}}')
  t.equal(await json('a: {b::c: 1}'), '{"a":{"b":{"c":1}}}')
  t.equal(await json('a: [{b::c: 1}]'), '{"a":[{"b::c":1}]}')
})

test('--set wins over every source, and its value is YAML', async (t) => {
  const set = async (...assignments: string[]) => {
    const { root } = await load({
      sources: ['yaml:p: {batch: {timeout: 1s, size: 5, list: [1, 2]}}'],
      set: assignments,
    })
    return JSON.stringify(root.p)
  }
  t.equal(await set('p::batch::timeout=2s'), '{"batch":{"timeout":"2s","size":5,"list":[1,2]}}')
  t.equal(await set('p.batch.size=7', 'p.batch.list=[3]'), '{"batch":{"timeout":"1s","size":7,"list":[3]}}')
  t.equal(
    await set('p::batch::a.b={x: y}', 'p.batch.size='),
    '{"batch":{"timeout":"1s","size":null,"list":[1,2],"a.b":{"x":"y"}}}',
  )
  t.equal(await set('p.batch.timeout=a=b'), '{"batch":{"timeout":"a=b","size":5,"list":[1,2]}}')
  t.same(await messages({ sources: ['yaml:a: 1'], set: ['a', '=hush', 'a..token=hush', 'x::token:hush'] }), [
    '--set a has no =',
    '--set =… has an empty key',
    '--set a..token=… has an empty key',
    '--set x::token:[REDACTED] has no =',
  ])
})

test('a place is that of the value which won', async (t) => {
  const dir = t.testdir({ 'a.yaml': 'x:\n  y: 1\n  z: 2\n', 'b.yaml': '\nx: {y: 3}\n' })
  const loaded = await load({ sources: ['a.yaml', 'file:b.yaml'], set: ['x::w=5'], cwd: dir })
  t.match(loaded.locate(['x', 'y']), { source: 'b.yaml', line: 2, column: 8, text: 'x: {y: 3}', length: 1 })
  t.match(loaded.locate(['x', 'y'], 'key'), { source: 'b.yaml', line: 2, column: 5 })
  t.match(loaded.locate(['x', 'z']), { source: 'a.yaml', line: 3, column: 6 })
  t.match(loaded.locate(['x', 'w']), { source: '--set x::w', line: 1, column: 1 })
  t.match(loaded.locate(['x', 'nothing']), { line: 1, column: 1, text: '5' }, 'what is missing is named by its section')
  t.same(loaded.locate(['nothing']), { source: 'a.yaml', line: 1, column: 1 })
})

test('AOT_CONFIG_CONTENT stands for the sources, as in ADOT', async (t) => {
  const env = { AOT_CONFIG_CONTENT: 'a: ${env:X}', X: '1' }
  const { root, warnings } = await load({ env })
  t.equal(JSON.stringify(root), '{"a":1}')
  t.same(warnings, [])
  const both = await load({ env, sources: ['yaml:b: 2'], set: ['c=3'] })
  t.equal(JSON.stringify(both.root), '{"a":1,"c":3}')
  t.match(both.warnings, [{ message: 'AOT_CONFIG_CONTENT is set: it is read in place of --config yaml' }])
  const others = await load({ env, sources: ['a.yaml', 'https://x/y?sig=hush', 'ftp:hush'] })
  t.match(others.warnings, [{ message: /place of a\.yaml, https:\/\/x\/y\?…, ftp:…$/ }])
  t.same(await messages({}), ['there is no config'])
})

test('a source may be a variable; one that is not set is an empty config with a warning', async (t) => {
  t.equal(JSON.stringify((await load({ sources: ['env:C'], env: { C: 'a: 1' } })).root), '{"a":1}')
  const { root, warnings } = await load({ sources: ['env:C'] })
  t.equal(JSON.stringify(root), '{}')
  t.match(warnings, [{ message: 'the environment variable C is not set; it counts as empty' }])
})

test('a source that gives no mapping is refused, with all others', async (t) => {
  const dir = t.testdir({ empty: '', comment: '# nothing\n' })
  t.match(
    await messages({ sources: ['nowhere.yaml', 'yaml:[1]', 'yaml:text', 'ftp:x', 'empty', 'comment'], cwd: dir }),
    [
      /^there is no file .*nowhere\.yaml$/,
      'a config is a mapping with receivers, exporters and service; this is a list',
      'a config is a mapping with receivers, exporters and service; this is a single text',
      /^there is no scheme ftp:/,
    ],
  )
})

test('a text of a secret in a source on the command line is not repeated', async (t) => {
  try {
    await load({ sources: ['yaml:token: "hush'], set: ['x::password=[hush'] })
    t.fail('both are broken')
  } catch (error) {
    t.ok(error instanceof ConfigError)
    t.notMatch(String(error), /hush/)
  }
})

test('a config of 50 MB is refused by its size, without being read to the end', async (t) => {
  const dir = t.testdir({ 'large.yaml': `a: ${'x'.repeat(50_000_000)}` })
  t.match(await messages({ sources: ['large.yaml'], cwd: dir }), [/large\.yaml is larger than 4194304 bytes, the most/])
  t.match(await messages({ sources: ['/dev/zero'] }), [/zero is larger than 4194304 bytes/])
})

async function serve(t: Test, listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => new Promise((resolve) => server.close(resolve).closeAllConnections()))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('a config comes from an HTTP server', async (t) => {
  const base = await serve(t, (request, response) => {
    switch (request.url?.split('?')[0]) {
      case '/a.yaml':
        return response.end('a: ${env:X}')
      case '/moved':
        return response.writeHead(302, { location: '/a.yaml' }).end()
      case '/circle':
        return response.writeHead(302, { location: '/circle' }).end()
      case '/large':
        return void response.writeHead(200).end(Buffer.alloc(5 * 1024 * 1024, 32))
      default:
        return response.writeHead(404).end('not here')
    }
  })
  t.equal(JSON.stringify((await load({ sources: [`${base}/a.yaml`], env: { X: '1' } })).root), '{"a":1}')
  t.equal(JSON.stringify((await load({ sources: [`${base}/moved`], env: { X: '1' } })).root), '{"a":1}')
  const nested = await load({ sources: [`yaml:b: \${${base}/a.yaml}`], env: { X: '1' } })
  t.equal(JSON.stringify(nested.root), '{"b":{"a":1}}')
  t.match(await messages({ sources: [`${base}/circle`] }), [/redirects more than 5 times$/])
  t.match(await messages({ sources: [`${base}/nope`] }), [/answers with status 404$/])
  t.match(await messages({ sources: [`${base}/large`] }), [/is larger than 4194304 bytes/])
  t.match(await messages({ sources: ['http://127.0.0.1:1/x'] }), [/^cannot get http:\/\/127\.0\.0\.1:1\/x: /])
  t.match(await messages({ sources: ['http://user:hush@127.0.0.1:1/x'] }), [/^http:\/\/\[REDACTED\]@127/])
  t.match(await messages({ sources: [`${base}/nope?token=hush`] }), [/nope\?… answers with status 404$/])
  const signed = await load({ sources: [`${base}/a.yaml?sig=hush`, `yaml:b: \${${base}/a.yaml?sig=hush}`] })
  t.same(
    signed.read.map(({ name }) => name),
    [`${base}/a.yaml?…`, '--config yaml', `${base}/a.yaml?…`, 'env:X'],
  )
  t.match(await messages({ sources: ['http:///'] }), [/is no URL$/])
})

test('a server that says nothing is given up after a time limit, and TLS is not left for a redirect', async (t) => {
  const never: typeof fetch = (_url, init) =>
    new Promise((_resolve, reject) => init?.signal?.addEventListener('abort', () => reject(init.signal?.reason)))
  const { timeout } = AbortSignal
  t.teardown(() => {
    AbortSignal.timeout = timeout
  })
  let limitMs = 0
  AbortSignal.timeout = (ms) => {
    limitMs = ms
    return AbortSignal.abort(new Error('time is up'))
  }
  t.match(
    await messages({
      sources: ['http://127.0.0.1:1/x'],
      fetch: (url, init) => (init?.signal?.aborted ? Promise.reject(init.signal.reason) : never(url, init)),
    }),
    ['http://127.0.0.1:1/x does not answer within 10 s'],
  )
  t.equal(limitMs, 10_000)
  AbortSignal.timeout = timeout
  const downgrade: typeof fetch = async () => new Response(null, { status: 302, headers: { location: 'http://x/' } })
  t.match(await messages({ sources: ['https://127.0.0.1:1/x'], fetch: downgrade }), [
    /redirects from https to http:\/\/$/,
  ])
})
