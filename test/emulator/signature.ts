// Whether a request is signed as AWS wants it, by the SDK's own signer.
import { createHash, createHmac } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { SignatureV4 } from '@smithy/signature-v4'

interface Key {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
}

/** The hash that the SDK's signer wants. */
export class Sha256 {
  readonly #hash: ReturnType<typeof createHash> | ReturnType<typeof createHmac>
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret))
  }
  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(data))
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }
  reset(): void {}
}

const bytesOf = (data: string | ArrayBuffer | ArrayBufferView): string | Uint8Array =>
  typeof data === 'string'
    ? data
    : ArrayBuffer.isView(data)
      ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
      : new Uint8Array(data)

/** Rejects never; the problem in words, undefined when there is none. */
export async function signatureProblem(
  incoming: Pick<IncomingMessage, 'method' | 'url' | 'headers'>,
  body: Buffer,
  key: Key,
  { service, region }: { readonly service: string; readonly region: string },
): Promise<string | undefined> {
  const { headers } = incoming
  const given = headers.authorization ?? ''
  const parts =
    /^AWS4-HMAC-SHA256 Credential=[^/]+\/\d{8}\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([^,]+), /.exec(given)
  if (parts === null) return `no signature: ${given.slice(0, 20)}`
  const [, inRegion, forService, names = ''] = parts
  if (inRegion !== region || (service !== '*' && forService !== service))
    return `signed for ${forService} in ${inRegion}`
  const signed = new Set(names.split(';'))
  if (!signed.has('host') || !signed.has('x-amz-date')) return 'host and x-amz-date must be signed'
  for (const name of Object.keys(headers))
    if ((name.startsWith('x-amz-') || name === 'content-type') && !signed.has(name)) return `${name} is not signed`
  if (key.sessionToken !== headers['x-amz-security-token']) return 'another session token'
  const hash = createHash('sha256').update(body).digest('hex')
  const said = headers['x-amz-content-sha256']
  if (forService === 's3' && said === undefined) return 'S3 wants x-amz-content-sha256'
  if (said !== undefined && said !== hash && said !== 'UNSIGNED-PAYLOAD')
    return 'x-amz-content-sha256 is of another body'
  const url = new URL(incoming.url ?? '/', 'http://host')
  const time = String(headers['x-amz-date'])
  const signer = new SignatureV4({
    credentials: { accessKeyId: key.accessKeyId, secretAccessKey: key.secretAccessKey },
    region,
    service: forService!,
    sha256: Sha256,
    uriEscapePath: forService !== 's3',
    applyChecksum: false,
  })
  const again = await signer.sign(
    {
      method: incoming.method ?? '',
      protocol: 'http:',
      hostname: 'host',
      path: url.pathname,
      query: queryOf(url),
      headers: Object.fromEntries([...signed].map((name) => [name, String(headers[name])])),
      body,
    },
    {
      signingDate: new Date(time.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z')),
      signableHeaders: signed,
    },
  )
  return again.headers.authorization === given ? undefined : `the signature does not match: ${given}`
}

function queryOf(url: URL): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = {}
  for (const name of new Set(url.searchParams.keys())) {
    const values = url.searchParams.getAll(name)
    query[name] = values.length === 1 ? values[0]! : values
  }
  return query
}
