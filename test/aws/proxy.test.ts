import { once } from 'node:events'
import { createServer as createHttpServer, request as requestHttp } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { type Test, test } from 'tap'
import * as v from 'valibot'
import { AwsProxy } from '../../src/aws/proxy.ts'
import { proxyEntries } from '../../src/aws/proxy-config.ts'
import { section } from '../../src/config/schema.ts'
import { type TestHost, type TestSettings, testHost, testSettings } from '../../src/testing/index.ts'
import { AwsEmulator, type EmulatorOptions, type Handler, TEST_KEY } from '../emulator/server.ts'
import { authority } from '../kit/certificates.ts'
import { countingMeter } from '../kit/receiver.ts'
import { until } from '../kit/until.ts'

const schema = section(proxyEntries)
const KEYS = {
  AWS_ACCESS_KEY_ID: TEST_KEY.accessKeyId,
  AWS_SECRET_ACCESS_KEY: TEST_KEY.secretAccessKey,
  AWS_EC2_METADATA_DISABLED: 'true',
}
const RULES = { SamplingRuleRecords: [{ SamplingRule: { RuleName: 'Default', FixedRate: 0.05 } }] }

interface Started {
  readonly url: string
  readonly proxy: AwsProxy
  readonly settings: TestSettings
  readonly host: TestHost
  readonly counts: ReadonlyMap<string, number>
}

async function startProxy(
  t: Test,
  config: object,
  environment: Record<string, string> = KEYS,
  settings = testSettings({ id: 'awsxray' }),
): Promise<Started> {
  const { meter, counts } = countingMeter('outcome')
  const host = testHost()
  const proxy = new AwsProxy(
    v.parse(schema, { endpoint: '127.0.0.1:0', ...config }),
    { ...settings, meter },
    { at: 'proxy_server', environment },
  )
  const url = await proxy.start(host)
  t.teardown(() => proxy.stop(AbortSignal.abort()))
  return { url, proxy, settings, host, counts }
}

const emulate = (t: Test, settings: TestSettings, of: Partial<EmulatorOptions> = {}): Promise<AwsEmulator> =>
  AwsEmulator.start(t, {
    service: 'xray',
    operations: { '/GetSamplingRules': () => RULES, '*': () => ({ taken: true }) },
    now: () => settings.clock.now(),
    ...of,
  })

const post = (url: string, body = '{}', headers: Record<string, string> = {}): Promise<Response> =>
  fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } })

test('an SDK without credentials gets its sampling rules: the request is signed and its answer handed back', async (t) => {
  const settings = testSettings({ id: 'awsxray' })
  const xray = await emulate(t, settings)
  const { url, host, counts } = await startProxy(t, { region: 'eu-west-1', aws_endpoint: xray.url }, KEYS, settings)
  const answer = await post(`${url}/GetSamplingRules`, '{"NextToken":"a"}', {
    authorization: 'AWS4-HMAC-SHA256 Credential=forged',
    'x-amz-date': '19700101T000000Z',
    'x-amz-security-token': 'forged',
    'x-forwarded-for': '10.0.0.1',
    'x-amzn-trace-id': 'Root=1-581cf771-a006649127e371903a2de979',
  })
  t.equal(answer.status, 200)
  t.strictSame(await answer.json(), RULES)
  t.equal(answer.headers.get('x-amzn-requestid'), '00000000-0000-4000-8000-000000000000')
  const [request] = xray.requests
  t.equal(request!.body.toString(), '{"NextToken":"a"}')
  t.equal(request!.accessKeyId, TEST_KEY.accessKeyId)
  t.equal(request!.headers['content-type'], 'application/json')
  t.equal(request!.headers['x-amzn-trace-id'], 'Root=1-581cf771-a006649127e371903a2de979')
  t.strictSame(
    ['x-forwarded-for', 'x-amz-security-token'].filter((name) => name in request!.headers),
    [],
  )
  t.strictSame(host.states, [])
  t.strictSame([...counts], [['http_200', 1]])
})

test('every path and method goes to the service, with its query', async (t) => {
  const settings = testSettings({ id: 'awsxray' })
  const xray = await emulate(t, settings)
  const { url } = await startProxy(t, { region: 'eu-west-1', aws_endpoint: `${xray.url}/ignored` }, KEYS, settings)
  for (const [method, path] of [
    ['POST', '/SamplingTargets'],
    ['POST', '/TraceSegments'],
    ['GET', '/some%20thing/a+b?x=1&y=a%2Fb&z'],
    ['PUT', '/'],
    ['DELETE', '/a/../b'],
  ] as const) {
    const status = await new Promise<number>((resolve, reject) => {
      const headers = { connection: 'close, x-hop', 'x-hop': 'of the connection' }
      const request = requestHttp(new URL(url), { method, path, headers }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode ?? 0))
      })
      request.on('error', reject)
      request.end(method === 'POST' || method === 'PUT' ? '{"a":1}' : undefined)
    })
    t.equal(status, 200, path)
    t.match(xray.requests.at(-1), { method, path })
    t.notOk('x-hop' in xray.requests.at(-1)!.headers)
  }
})

test('paths of a routing rule go to its service, region and address; the first rule counts', async (t) => {
  const settings = testSettings({ id: 'awsxray' })
  const xray = await emulate(t, settings)
  const logs = await emulate(t, settings, { service: 'logs', region: 'us-east-1' })
  const { url, counts } = await startProxy(
    t,
    {
      region: 'eu-west-1',
      aws_endpoint: xray.url,
      additional_routing_rules: [
        {
          paths: ['PutLogEvents', '/CreateLogGroup'],
          service_name: 'logs',
          region: 'us-east-1',
          aws_endpoint: logs.url,
        },
        { paths: ['/PutLogEvents'], service_name: 'monitoring', aws_endpoint: xray.url },
      ],
    },
    KEYS,
    settings,
  )
  for (const path of ['/PutLogEvents', '/CreateLogGroup?x=1', '/PutLogEvents/more', '/GetSamplingRules'])
    t.equal((await post(url + path)).status, 200, path)
  t.strictSame(
    logs.requests.map(({ path }) => path),
    ['/PutLogEvents', '/CreateLogGroup?x=1'],
  )
  t.strictSame(
    xray.requests.map(({ path }) => path),
    ['/PutLogEvents/more', '/GetSamplingRules'],
  )
  t.strictSame([...counts], [['http_200', 4]])
})

test('what the service refuses is passed on as it says it', async (t) => {
  const settings = testSettings({ id: 'awsxray' })
  const xray = await emulate(t, settings)
  const { url, host, counts } = await startProxy(t, { region: 'eu-west-1', aws_endpoint: xray.url }, KEYS, settings)
  for (const [fault, status, text] of [
    ['throttled', 400, /ThrottlingException/],
    ['unavailable', 503, /ServiceUnavailableException/],
    ['denied', 403, /AccessDeniedException/],
    [{ status: 302, headers: { location: 'http://elsewhere/' } }, 302, /^$/],
    ['garbage', 200, /\{"half": /],
  ] as const) {
    xray.faults.push(fault)
    const answer = await fetch(`${url}/GetSamplingRules`, { method: 'POST', body: '{}', redirect: 'manual' })
    t.equal(answer.status, status)
    t.match(await answer.text(), text)
  }
  t.strictSame(host.states, [], 'AWS answers: that is not our trouble')
  t.equal(counts.get('http_403'), 1)
})

test('a clock that is off is corrected, expired credentials are tried anew', async (t) => {
  const settings = testSettings({ id: 'awsxray' })
  const xray = await emulate(t, settings, { now: () => settings.clock.now() + 3_600_000 })
  const { url } = await startProxy(t, { region: 'eu-west-1', aws_endpoint: xray.url }, KEYS, settings)
  t.equal((await post(`${url}/GetSamplingRules`)).status, 200)
  t.equal(xray.requests.length, 2)
  t.match(settings.lines, [{ level: 'warn', message: /clock of this machine is wrong/ }])
})

test('without credentials it starts, says so, and serves as soon as there are some', async (t) => {
  const settings = testSettings({ id: 'awsxray' })
  const xray = await emulate(t, settings)
  const home = t.testdir({ credentials: '' })
  const environment: Record<string, string> = {
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_SHARED_CREDENTIALS_FILE: `${home}/credentials`,
    AWS_CONFIG_FILE: `${home}/none`,
    HOME: home,
  }
  const started = await startProxy(t, { region: 'eu-west-1', aws_endpoint: xray.url }, environment, settings)
  await until(() => started.host.states.length > 0)
  t.match(started.host.states, [{ state: 'degraded', reason: /cannot be forwarded to xray: .*credentials/i }])
  const refused = await post(`${started.url}/GetSamplingRules`)
  t.equal(refused.status, 503)
  t.match(await refused.json(), { message: /credentials/i })
  t.equal(started.counts.get('no_credentials'), 1)
  Object.assign(environment, KEYS)
  await settings.clock.advance(60_000)
  t.equal((await post(`${started.url}/GetSamplingRules`)).status, 200)
  t.match(started.host.states.at(-1), { state: 'ok' })
  t.equal(settings.lines.filter(({ level }) => level === 'warn').length, 1)
})

test('without a region it starts degraded; a region that turns up later is found', async (t) => {
  const settings = testSettings({ id: 'awsxray' })
  const xray = await emulate(t, settings)
  const environment: Record<string, string> = { ...KEYS, HOME: t.testdir({}) }
  const started = await startProxy(t, { aws_endpoint: xray.url, local_mode: true }, environment, settings)
  await until(() => started.host.states.length > 0)
  t.match(started.host.states, [{ state: 'degraded', reason: /region: not known/ }])
  const refused = await post(`${started.url}/GetSamplingRules`)
  t.equal(refused.status, 503)
  t.match(await refused.json(), { message: /local_mode/ })
  environment.AWS_REGION = 'eu-west-1'
  t.equal((await post(`${started.url}/GetSamplingRules`)).status, 503, 'not looked for with each request')
  await settings.clock.advance(10_000)
  t.equal((await post(`${started.url}/GetSamplingRules`)).status, 200)
})

test('the public address of the service is that of its region', async (t) => {
  const { proxy, url } = await startProxy(t, { region: 'cn-north-1' }, { ...KEYS, HTTPS_PROXY: 'http://127.0.0.1:1' })
  const answer = await post(`${url}/GetSamplingRules`)
  t.equal(answer.status, 502)
  t.match(await answer.json(), { message: /xray\.cn-north-1\.amazonaws\.com\.cn/ })
  await proxy.stop(AbortSignal.abort())
})

test('a service that is not there, or breaks off, is a bad gateway', async (t) => {
  const settings = testSettings({ id: 'awsxray' })
  const xray = await emulate(t, settings)
  const started = await startProxy(t, { region: 'eu-west-1', aws_endpoint: xray.url }, KEYS, settings)
  xray.fault = 'reset'
  t.equal((await post(`${started.url}/SamplingTargets`)).status, 502)
  xray.fault = 'flood'
  t.equal((await post(`${started.url}/SamplingTargets`)).status, 502)
  t.match(started.host.states.at(-1), { state: 'degraded', reason: /larger than/ })
  xray.fault = undefined
  t.equal((await post(`${started.url}/SamplingTargets`)).status, 200)
  t.match(started.host.states.at(-1), { state: 'ok' })
})

test('a service that does not answer is given up after a while, and when the sender goes', async (t) => {
  const settings = testSettings({ id: 'awsxray' })
  const xray = await emulate(t, settings)
  xray.fault = 'hang'
  const { url, counts } = await startProxy(t, { region: 'eu-west-1', aws_endpoint: xray.url }, KEYS, settings)
  const late = post(`${url}/SamplingTargets`)
  await until(() => xray.requests.length === 1)
  await settings.clock.advance(30_000)
  const answer = await late
  t.equal(answer.status, 504)
  t.match(await answer.json(), { message: 'xray does not answer within 30 s' })
  const controller = new AbortController()
  const gone = fetch(`${url}/SamplingTargets`, { method: 'POST', body: '{}', signal: controller.signal })
  await until(() => xray.requests.length === 2)
  controller.abort()
  await t.rejects(gone)
  await until(() => counts.get('aborted') === 1)
})

test('what is no request of an SDK is turned away', async (t) => {
  const settings = testSettings({ id: 'awsxray' })
  const xray = await emulate(t, settings)
  const { url, counts } = await startProxy(t, { region: 'eu-west-1', aws_endpoint: xray.url }, KEYS, settings)
  t.equal((await post(`${url}/GetSamplingRules`, '{}', { origin: 'http://evil.example' })).status, 403)
  t.equal((await post(`${url}/TraceSegments`, 'x'.repeat(4 * 1024 * 1024 + 1))).status, 413)
  t.equal((await post(`${url}/TraceSegments`, 'x', { 'content-encoding': 'br' })).status, 415)
  const star = await new Promise<number>((resolve) => {
    requestHttp(new URL(url), { method: 'OPTIONS', path: '*' }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    }).end()
  })
  t.equal(star, 400)
  t.strictSame(xray.requests, [])
  t.strictSame(Object.fromEntries(counts), { from_page: 1, too_large: 1, bad_content_encoding: 1, bad_path: 1 })
})

test('only so many requests are under way at once', async (t) => {
  const settings = testSettings({ id: 'awsxray' })
  const xray = await emulate(t, settings)
  xray.fault = 'hang'
  const { url, proxy } = await startProxy(t, { region: 'eu-west-1', aws_endpoint: xray.url }, KEYS, settings)
  const waiting = Array.from({ length: 64 }, () => post(`${url}/SamplingTargets`))
  await until(() => xray.requests.length === 64)
  const refused = await post(`${url}/SamplingTargets`)
  t.equal(refused.status, 503)
  t.match(await refused.json(), { message: /64 requests are under way/ })
  await proxy.stop(AbortSignal.abort())
  await Promise.allSettled(waiting)
})

test('stopping lets what is under way finish, then nothing listens', async (t) => {
  const settings = testSettings({ id: 'awsxray' })
  let answer: (() => void) | undefined
  const slow = createHttpServer((_request, response) => {
    answer = () => response.end('{"late":true}')
  }).listen(0, '127.0.0.1')
  await once(slow, 'listening')
  t.teardown(() => slow.close())
  const aws_endpoint = `http://127.0.0.1:${(slow.address() as AddressInfo).port}`
  const { url, proxy } = await startProxy(t, { region: 'eu-west-1', aws_endpoint }, KEYS, settings)
  const late = post(`${url}/SamplingTargets`)
  await until(() => answer !== undefined)
  const stopped = proxy.stop()
  answer!()
  t.strictSame(await (await late).json(), { late: true })
  await stopped
  await t.rejects(post(`${url}/SamplingTargets`))
  await proxy.stop()
})

test('over TLS the service must be trusted: an authority, a name, or not at all', async (t) => {
  const ca = await authority()
  const pair = await ca.issue('xray.test')
  const handler: Handler = () => RULES
  const server = createTlsServer(pair, (_request, response) =>
    response.end(JSON.stringify(handler({} as never, {} as never))),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const directory = t.testdir({ 'ca.pem': ca.cert })
  const aws_endpoint = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  const status = async (tls: object): Promise<number> => {
    const { url } = await startProxy(t, { region: 'eu-west-1', aws_endpoint, tls })
    return (await post(`${url}/GetSamplingRules`)).status
  }
  t.equal(await status({}), 502)
  t.equal(await status({ ca_file: `${directory}/ca.pem` }), 200)
  t.equal(await status({ ca_file: `${directory}/ca.pem`, server_name_override: 'xray.test' }), 200)
  t.equal(await status({ ca_file: `${directory}/ca.pem`, server_name_override: 'other.test' }), 502)
  t.equal(await status({ insecure: true }), 200)
  t.equal(await status({ insecure_skip_verify: true }), 200)
  await t.rejects(startProxy(t, { tls: { ca_file: `${directory}/none.pem` } }), { message: /tls::ca_file/ })
})

test('requests go through a proxy when one is set', async (t) => {
  const settings = testSettings({ id: 'awsxray' })
  const seen: string[] = []
  const between = createHttpServer((request, response) => {
    seen.push(request.url ?? '')
    response.end('{}')
  }).listen(0, '127.0.0.1')
  await once(between, 'listening')
  t.teardown(() => between.close())
  const proxy_address = `http://127.0.0.1:${(between.address() as AddressInfo).port}`
  const { url } = await startProxy(
    t,
    { region: 'eu-west-1', aws_endpoint: 'http://xray.example', proxy_address },
    KEYS,
    settings,
  )
  t.equal((await post(`${url}/GetSamplingRules`)).status, 200)
  t.strictSame(seen, ['http://xray.example/GetSamplingRules'])
})

test('whoever listens on every interface is told what that means', async (t) => {
  const { settings } = await startProxy(t, {
    endpoint: '0.0.0.0:0',
    region: 'eu-west-1',
    aws_endpoint: 'http://127.0.0.1:1',
  })
  t.match(settings.lines[0], { level: 'warn', message: /can call AWS with the credentials of the agent/ })
})

test('settings that cannot be are errors', async (t) => {
  for (const [config, message] of [
    [{ additional_routing_rules: [{ paths: ['/x'] }] }, /service_name/],
    [{ additional_routing_rules: [{ paths: [], service_name: 'logs' }] }, /must name at least one path/],
    [{ additional_routing_rules: [{ service_name: 'logs' }] }, /paths/],
    [{ service_name: 'X Ray' }, /must be the name that AWS signs the service with/],
    [{ aws_endpoint: 'ftp://x' }, /must begin with http/],
    [{ role_arn: 'me' }, /arn:aws:iam/],
  ] as const) {
    const parsed = v.safeParse(schema, config)
    t.notOk(parsed.success)
    t.match(JSON.stringify(parsed.issues?.map(({ message, path }) => [message, path?.map(({ key }) => key)])), message)
  }
})
