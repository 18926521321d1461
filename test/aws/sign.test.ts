import { readFileSync } from 'node:fs'
import { SignatureV4 } from '@smithy/signature-v4'
import { test } from 'tap'
import { encodeRfc3986, hashPayload, sign } from '../../src/aws/index.ts'
import { Sha256 } from '../emulator/signature.ts'

/** AWS's own test suite (awslabs/aws-c-auth, tests/aws-signing-test-suite/v4, Apache License 2.0), in one file. */
interface Vector {
  readonly name: string
  readonly request: string
  readonly authorization: string
  readonly context: {
    readonly credentials: {
      readonly access_key_id: string
      readonly secret_access_key: string
      readonly token?: string
    }
    readonly region: string
    readonly service: string
    readonly timestamp: string
    readonly normalize: boolean
    readonly sign_body: boolean
    readonly omit_session_token?: boolean
  }
}
const vectors: Vector[] = JSON.parse(readFileSync('test/aws/cases/sigv4.json', 'utf8'))

test('the signatures are those of AWS’s test suite', async (t) => {
  let cases = 0
  for (const { name, request, authorization, context } of vectors) {
    // Paths as they are are for S3 alone, and a token that is added after signing is for IoT.
    if (name.endsWith('-unnormalized') || context.omit_session_token) continue
    const { method, path, query, headers, body } = parsed(request)
    const payloadHash = hashPayload([Buffer.from(body)])
    const { access_key_id: accessKeyId, secret_access_key: secretAccessKey, token } = context.credentials
    const added = sign(
      {
        method,
        path,
        query,
        headers: { ...headers, ...(context.sign_body && { 'x-amz-content-sha256': payloadHash }) },
        payloadHash,
      },
      {
        credentials: { accessKeyId, secretAccessKey, sessionToken: token },
        region: context.region,
        service: context.service,
        atMs: Date.parse(context.timestamp),
      },
    )
    t.equal(added.authorization, authorization, name)
    cases++
  }
  t.ok(cases > 25)
})

function parsed(text: string) {
  const [head = '', body = ''] = text.split('\n\n', 2)
  const [first = '', ...lines] = head.replaceAll(/\n\s+/g, ' ').trimEnd().split('\n')
  const [, method = '', target = ''] = /^(\S+) (.*) HTTP\/1.1$/.exec(first) ?? []
  const [path = '', query = ''] = target.split('?')
  const headers: Record<string, string> = {}
  for (const line of lines) {
    const at = line.indexOf(':')
    const name = line.slice(0, at).toLowerCase()
    const value = line.slice(at + 1).trim()
    headers[name] = headers[name] === undefined ? value : `${headers[name]},${value}`
  }
  return { method, path, query, headers, body }
}

test('whatever is signed, the SDK’s signer signs it the same', async (t) => {
  const letters = [
    'a',
    'Z',
    '9',
    '-',
    '.',
    '_',
    '~',
    '/',
    ' ',
    '%',
    '+',
    '=',
    '&',
    '!',
    "'",
    '(',
    '*',
    'ü',
    '€',
    '😀',
    ':',
    '@',
    ',',
    ';',
  ]
  let seed = 7
  const random = (below: number): number => {
    seed = (seed * 1103515245 + 12345) % 2147483648
    return Math.floor((seed / 2147483648) * below)
  }
  const text = (length: number): string => Array.from({ length }, () => letters[random(letters.length)]).join('')
  const key = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' }
  let cases = 0
  for (let run = 0; run < 400; run++) {
    const service = run % 2 === 0 ? 's3' : 'logs'
    const path = `/${text(random(12))}`.split('/').map(encodeRfc3986).join('/')
    const query = Object.fromEntries(Array.from({ length: random(4) }, () => [text(1 + random(4)), text(random(6))]))
    const headers = { host: 'x.test', 'content-type': `a  ${random(99)} b`, 'x-amz-meta': `v${random(9)} ` }
    const body = Buffer.from(text(random(30)))
    const atMs = Date.UTC(2026, random(12), 1 + random(28), random(24))
    const signer = new SignatureV4({
      credentials: { ...key, sessionToken: 'token=' },
      region: 'eu-west-1',
      service,
      sha256: Sha256,
      uriEscapePath: service !== 's3',
      applyChecksum: service === 's3',
    })
    const theirs = await signer.sign(
      { method: 'PUT', protocol: 'https:', hostname: 'x.test', path, query, headers: { ...headers }, body },
      { signingDate: new Date(atMs) },
    )
    const ours = sign(
      {
        method: 'PUT',
        path,
        query: Object.entries(query)
          .map((pair) => pair.map(encodeRfc3986).join('='))
          .join('&'),
        headers,
        payloadHash: hashPayload([body.subarray(0, 7), body.subarray(7)]),
      },
      { credentials: { ...key, sessionToken: 'token=' }, region: 'eu-west-1', service, atMs },
    )
    if (ours.authorization !== theirs.headers.authorization) t.fail(`${service} ${path} ${JSON.stringify(query)}`)
    cases++
  }
  t.ok(cases > 0)
})

test('nothing that a proxy may change is signed', async (t) => {
  const { authorization } = sign(
    {
      method: 'POST',
      path: '/',
      query: '',
      headers: {
        host: 'x',
        'user-agent': 'y',
        connection: 'close',
        'x-amzn-trace-id': 'z',
        'proxy-authorization': 'p',
      },
      payloadHash: hashPayload([]),
    },
    { credentials: { accessKeyId: 'a', secretAccessKey: 'b' }, region: 'r', service: 's', atMs: 0 },
  )
  t.match(authorization, /SignedHeaders=host;x-amz-date,/)
})
