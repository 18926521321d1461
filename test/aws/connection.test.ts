import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import * as v from 'valibot'
import { AwsClient, awsSettings, httpConfigOf, parseXml, xmlAt } from '../../src/aws/index.ts'
import { section } from '../../src/config/schema.ts'
import { keepaliveOf } from '../../src/net/client-config.ts'
import { testSettings } from '../../src/testing/index.ts'
import { TEST_KEY } from '../emulator/server.ts'
import { authority } from '../kit/certificates.ts'

const ca = await authority()

async function secureService(t: Test): Promise<string> {
  const { cert, key } = await ca.issue('localhost')
  const server = createServer({ cert, key }, (request, response) => {
    request.resume()
    response.end('{}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `localhost:${(server.address() as AddressInfo).port}`
}

const configOf = (input: object) => v.parse(section(awsSettings), { region: 'eu-west-1', ...input })

async function callWith(t: Test, input: object): Promise<unknown> {
  const client = new AwsClient(
    {
      signingName: 'logs',
      endpointPrefix: 'logs',
      endpointVariable: 'X',
      protocol: { type: 'json', version: '1.1', targetPrefix: 'L' },
    },
    configOf(input),
    testSettings(),
    { environment: {}, load: async () => TEST_KEY },
  )
  t.teardown(() => client.close())
  await client.start()
  return client.call({ operation: 'X', chunks: [], sizeBytes: 0 }, new AbortController().signal)
}

test('certificate_file_path says whom to trust, no_verify_ssl trusts everybody; a host alone means https', async (t) => {
  const endpoint = await secureService(t)
  const file = join(t.testdir({}), 'ca.pem')
  writeFileSync(file, ca.cert)
  await t.rejects(callWith(t, { endpoint }), {
    message: /not signed by an authority that is trusted: give it in certificate_file_path/,
  })
  t.same(await callWith(t, { endpoint, certificate_file_path: file }), {})
  t.same(await callWith(t, { endpoint, no_verify_ssl: true }), {})
  await t.rejects(callWith(t, { endpoint, certificate_file_path: `${file}.gone` }), {
    message: /^certificate_file_path: .*no such file/,
  })
})

test('num_workers is how many connections stay open', async (t) => {
  t.equal(keepaliveOf(httpConfigOf(configOf({}))).maxIdlePerHost, 8)
  t.equal(keepaliveOf(httpConfigOf(configOf({ num_workers: 3 }))).maxIdlePerHost, 3)
})

test('settings that cannot be meant are refused, with what would be right', async (t) => {
  for (const [input, message] of [
    [{ region: 'eu west' }, /must be the name of a region, such as eu-west-1/],
    [{ role_arn: 'telemetry' }, /must be like arn:aws:iam::123456789012:role\/telemetry/],
    [{ endpoint: 'ftp://x' }, /must begin with http:\/\/ or https:\/\//],
    [{ proxy_address: 'socks5://x' }, /SOCKS proxies are not supported/],
    [{ shared_credentials_file: [''] }, /must not name an empty path/],
  ] as const)
    t.throws(() => configOf(input), { message })
})

test('XML as AWS writes it, and what is none', async (t) => {
  const root = parseXml('<?xml version="1.0"?><!-- x --><A b="c"><B>1&#x41;&lt;</B><B/><C><![CDATA[<&>]]></C> </A>')
  t.same(xmlAt(root, 'A', 'B'), ['1A<', ''])
  t.equal(xmlAt(root, 'A', 'C'), '<&>')
  t.equal(xmlAt(root, 'A', 'D', 'E'), undefined)
  const deep = '<a>'.repeat(40) + '</a>'.repeat(40)
  for (const text of ['', 'no', '<a>', '<a></b>', '</a>', '<!DOCTYPE a><a></a>', deep, `<${'a'.repeat(4_000_000)}`])
    t.equal(parseXml(text), undefined, text.slice(0, 20))
  t.equal(xmlAt(parseXml('<__proto__><x>1</x></__proto__>'), '__proto__', 'x'), '1')
})
