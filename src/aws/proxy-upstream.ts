// One service of AWS, in one region, as one identity: where the proxy forwards requests to, signed.
import * as v from 'valibot'
import { section } from '../config/schema.ts'
import type { Settings } from '../contract/index.ts'
import { HttpClient, type HttpTarget } from '../net/http-client.ts'
import type { HttpReply } from '../net/http-reply.ts'
import type { Environment } from '../net/proxy.ts'
import { errorOfAnswer } from './answer.ts'
import { httpConfigOf } from './client.ts'
import { awsSettings } from './config.ts'
import type { ProxyConfig } from './proxy-config.ts'
import { mayBeAboutTime } from './refusal.ts'
import { AwsSession } from './session.ts'
import { type Credentials, hashPayload } from './sign.ts'

export interface UpstreamOptions {
  readonly service: string
  readonly region: string
  readonly roleArn: string
  readonly endpoint: string
}

export interface ForwardedRequest {
  readonly method: string
  /** Percent-encoded, with the query. */
  readonly path: string
  /** Names in lower case; none that a connection or a signature owns. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** A region or a file of certificates that could not be found is looked for again after this. */
const RETRY_MS = 10_000

const sessionSection = section(awsSettings)

export class Upstream {
  readonly #of: UpstreamOptions
  readonly #settings: Settings
  readonly #session: AwsSession
  readonly #http: HttpClient
  #target: Promise<HttpTarget> | undefined
  /** By the monotonic clock: when finding the target failed. */
  #failedMs = Number.NEGATIVE_INFINITY

  constructor(of: UpstreamOptions, config: ProxyConfig, settings: Settings, environment?: Environment) {
    const { region, roleArn, endpoint } = of
    const { local_mode, proxy_address, tls } = config
    const aws = v.parse(sessionSection, { region, role_arn: roleArn, endpoint, local_mode, proxy_address })
    // As in the collector, `insecure` here takes any certificate: the scheme of the address says whether there is TLS.
    const trust = { ...tls, insecure: false, insecure_skip_verify: tls.insecure || tls.insecure_skip_verify }
    this.#of = of
    this.#settings = settings
    this.#session = new AwsSession(aws, settings, environment === undefined ? {} : { environment })
    this.#http = new HttpClient({ ...httpConfigOf(aws), tls: trust }, settings, environment)
  }

  get service(): string {
    return this.#of.service
  }

  /** Rejects when there is nothing to sign with, or nowhere to send to. */
  async check(abort: AbortSignal): Promise<void> {
    await this.#connected()
    await this.#session.credentials(abort)
  }

  /** Resolves with whatever the service answers, once our clock and our credentials are right. */
  async forward(request: ForwardedRequest, abort: AbortSignal): Promise<HttpReply> {
    const target = await this.#connected()
    const hash = hashPayload([request.body])
    let credentials = await this.#session.credentials(abort)
    let isClockMended = false
    let areCredentialsMended = false
    for (;;) {
      const reply = await this.#attempt(target, request, hash, credentials, abort)
      if (reply.status < 400) return reply
      const error = errorOfAnswer(reply, target.url.host, this.#session.now())
      if (!isClockMended && mayBeAboutTime(error) && this.#session.correctClock(reply.headers.date)) {
        isClockMended = true
        continue
      }
      if (error.refusal !== 'credentials' || areCredentialsMended) return reply
      areCredentialsMended = true
      const others = await this.#session.renew(credentials, abort)
      if (others === credentials) return reply
      credentials = others
    }
  }

  #attempt(
    target: HttpTarget,
    { method, path, headers, body }: ForwardedRequest,
    payloadHash: string,
    credentials: Credentials,
    abort: AbortSignal,
  ): Promise<HttpReply> {
    const [pathname = '', query = ''] = split(path)
    const signable = { method, path: pathname, query, headers: { ...headers, host: target.url.host }, payloadHash }
    const signature = this.#session.sign(signable, credentials, this.#of.service)
    const all = Object.entries({ ...headers, ...signature }).flat()
    return this.#http.post(target, [body], body.length, abort, { method, path, headers: all })
  }

  #connected(): Promise<HttpTarget> {
    const { clock } = this.#settings
    if (clock.monotonicMs() - this.#failedMs >= RETRY_MS) this.#target = undefined
    return (this.#target ??= this.#connect().catch((error: unknown) => {
      this.#failedMs = clock.monotonicMs()
      throw error
    }))
  }

  async #connect(): Promise<HttpTarget> {
    this.#failedMs = Number.POSITIVE_INFINITY
    await this.#session.start()
    const { service } = this.#of
    const endpointVariable = variables.get(service) ?? service.toUpperCase().replace(/[.-]/g, '_')
    const { origin } = this.#session.endpoint({ endpointPrefix: service, endpointVariable })
    return this.#http.target(origin, {})
  }

  close(): void {
    this.#session.close()
    this.#http.close()
  }
}

/** Services whose variable AWS_ENDPOINT_URL_<SERVICE> has another name than their signature. */
const variables: ReadonlyMap<string, string> = new Map([
  ['logs', 'CLOUDWATCH_LOGS'],
  ['monitoring', 'CLOUDWATCH'],
])

function split(path: string): [string, string] {
  const at = path.indexOf('?')
  return at < 0 ? [path, ''] : [path.slice(0, at), path.slice(at + 1)]
}
