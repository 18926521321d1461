import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'tap'
import { authority } from '../kit/certificates.ts'
import { freePort } from '../kit/free-ports.ts'
import { sluice, startSluice } from '../kit/process.ts'

/** An agent with this extension, and with things that a health check has no business with. */
const yamlOf = (healthCheck: object): string => `
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0", auth: {authenticator: bearertokenauth}}}}}
exporters: {nop: }
extensions:
  bearertokenauth: {token: "\${env:TOKEN_OF_THE_AGENT}"}
  health_check/it: ${JSON.stringify(healthCheck)}
service:
  extensions: [bearertokenauth, health_check/it]
  telemetry: {metrics: {level: none}}
  pipelines:
    traces: {receivers: [otlp], exporters: [nop]}
`
const env = { TOKEN_OF_THE_AGENT: 'abc' }

test('with the config of the agent it finds the agent: port, path, every interface', async (t) => {
  const port = await freePort()
  const yaml = yamlOf({ endpoint: `0.0.0.0:${port}`, path: '/up' })
  const agent = await startSluice(t, yaml, { env })
  const config = join(agent.folder, 'config.yaml')
  const asked = await sluice(['healthcheck', '--config', config])
  t.equal(asked.code, 0, asked.stderr)
  t.match(asked.stdout, /^\{"status":"Server available"/)
  t.match(
    asked.stderr,
    /^(sluice: it stood still for \S+ s within the last minute\n)?$/,
    'nothing but that the machine is busy',
  )
  const byVariable = await sluice(['healthcheck', '--config', 'nowhere.yaml'], { env: { AOT_CONFIG_CONTENT: yaml } })
  t.equal(byVariable.code, 0, 'the variable wins, as for the agent')
  t.equal((await sluice(['health', `http://127.0.0.1:${port}/up`])).code, 0, 'a URL does as well, and the first name')
  t.equal((await sluice(['healthcheck', `http://127.0.0.1:${port}/down`])).code, 1, '404 is no good answer')

  const elsewhere = `extensions::health_check/it::path=/other`
  t.match(await sluice(['healthcheck', '--config', config, '--set', elsewhere]), { code: 1, stdout: /there are \/up/ })
  await agent.end()
  t.match(await sluice(['healthcheck', '--config', config]), { code: 1, stderr: /does not answer: .*ECONNREFUSED/ })
})

test('a socket in the file system, and TLS that nobody vouches for', async (t) => {
  // Paths of sockets are short.
  const folder = mkdtempSync(join(tmpdir(), 'sluice-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const { cert, key } = await (await authority()).issue('agent.example')
  const tls = { cert_pem: cert, key_pem: key }
  const port = await freePort()
  for (const settings of [
    { endpoint: `unix://${join(folder, 'a.sock')}` },
    { endpoint: join(folder, 'b.sock'), transport: 'unix' },
    { endpoint: `localhost:${port}`, tls },
  ]) {
    const agent = await startSluice(t, yamlOf(settings), { env })
    const asked = await sluice(['healthcheck', '--config', join(agent.folder, 'config.yaml')])
    t.equal(asked.code, 0, `${settings.endpoint}: ${asked.stderr}`)
    await agent.end()
  }
})

test('nothing is resolved but the address: a secret that cannot be had is none of a probe’s business', async (t) => {
  const port = await freePort()
  const plain = await startSluice(t, yamlOf({ endpoint: `127.0.0.1:${port}` }), { env })
  const settings = (tls: string): string => `
extensions:
  health_check:
    endpoint: 127.0.0.1:\${env:PORT}
    response_headers: {x-token: "\${ssm:/app/token}"}
    response_body: {healthy: "\${file:/nowhere}"}
    auth: {authenticator: "\${secretsmanager:prod/auth}"}
    ${tls}
exporters: {otlp_http: {headers: {authorization: "\${secretsmanager:prod/api#token}"}}}
service: {extensions: [health_check]}
`
  const file = join(plain.folder, 'probe.yaml')
  const ask = () =>
    sluice(['healthcheck', '--config', file], { env: { PORT: String(port), AWS_ENDPOINT_URL: 'http://127.0.0.1:1' } })
  writeFileSync(file, settings(''))
  t.match(await ask(), { code: 0, stderr: '' })
  writeFileSync(file, settings('tls: {cert_file: "${file:/nowhere}", key_pem: "${secretsmanager:prod/tls#key}"}'))
  t.match(await ask(), { code: 1, stderr: /^sluice: https:/ }, 'that there is TLS is known')
})

test('what the config cannot tell is said, with its place', async (t) => {
  const folder = t.testdir({
    'none.yaml': 'extensions: {health_check: }\nservice: {extensions: []}\n',
    'missing.yaml': 'service: {extensions: [health_check]}\n',
    'free.yaml': 'extensions: {health_check: {endpoint: "localhost:0"}}\nservice: {extensions: [health_check]}\n',
    'wrong.yaml': 'extensions: {health_check: {endpoint: "localhost:x"}}\nservice: {extensions: [health_check]}\n',
  })
  for (const [file, message] of [
    ['none.yaml', /none\.yaml:2:.*no extension health_check/s],
    ['missing.yaml', /no extension health_check/],
    ['free.yaml', /free\.yaml:1:.*port 0 is another one at each start/s],
    ['wrong.yaml', /wrong\.yaml:1:.*x is no port/s],
    ['absent.yaml', /absent\.yaml/],
  ] as const) {
    const asked = await sluice(['healthcheck', '--config', join(folder, file)])
    t.equal(asked.code, 2, file)
    t.match(asked.stderr, message)
  }
})

test('without a config it asks at a URL, and says when that is none or nobody answers', async (t) => {
  t.match(await sluice(['healthcheck', 'http://127.0.0.1:1/']), { code: 1, stderr: /does not answer/ })
  const { code, stderr } = await sluice(['healthcheck', 'localhost'])
  t.equal(code, 2)
  t.match(stderr, /localhost is no URL; one is for example http:/)
})

test('who listens and says nothing is not healthy', async (t) => {
  const server = createServer(() => {}).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as { port: number }
  const asked = await sluice(['healthcheck', `http://127.0.0.1:${port}/`])
  t.match(asked, { code: 1, stderr: /no answer within 3000 ms/ })
})

test('of an answer without an end as much is read as health can be', async (t) => {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n')
    socket.write('x'.repeat(256 * 1024))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as { port: number }
  const { code, stdout } = await sluice(['healthcheck', `http://127.0.0.1:${port}/`])
  t.equal(code, 0, 'nobody waits for the rest')
  t.ok(stdout.length >= 64 * 1024 && stdout.length < 192 * 1024, `${stdout.length} bytes`)
})
