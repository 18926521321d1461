// The proxy beside the X-Ray daemon's UDP port: SDKs without credentials ask it for their sampling rules, and it asks AWS for
// them with its own. It signs any request to its service, whatever the path: who reaches it may call that service as the agent.
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import * as v from 'valibot'
import { section } from '../config/schema.ts'
import {
  type ComponentState,
  type Host,
  messageOf,
  PermanentError,
  RetryableError,
  type Settings,
  ShutdownError,
} from '../contract/index.ts'
import { type Asker, createDesk, type Desk, Exchange, type HttpAnswer, type Route } from '../net/exchange.ts'
import type { HttpReply } from '../net/http-reply.ts'
import { HttpServer, httpServerEntries } from '../net/http-server.ts'
import { isWildcard } from '../net/listen.ts'
import { noticeSettingsWithoutEffect } from '../net/no-effect.ts'
import type { Environment } from '../net/proxy.ts'
import { GRPC, httpStatusOf, RefusedError, statusOf } from '../net/status.ts'
import { Sweep } from '../net/sweep.ts'
import { loadClientTls } from '../net/tls.ts'
import { AwsError } from './api.ts'
import type { ProxyConfig } from './proxy-config.ts'
import { type ForwardedRequest, Upstream, type UpstreamOptions } from './proxy-upstream.ts'

/** X-Ray takes 50 documents of 64 kB, CloudWatch Logs 1 MiB. */
const MAX_BODY_BYTES = 4 * 1024 * 1024
/** Requests that are on their way to AWS. */
const MAX_UNDER_WAY = 64
const TIME_LIMIT_MS = 30_000

const serverConfig = section(
  httpServerEntries('localhost:2000', { read_header_timeout: '20s', write_timeout: '0s', idle_timeout: '0s' }),
)

export interface AwsProxyOptions {
  /** Where its settings stand in the component's: `proxy_server`, or empty. */
  readonly at: string
  /** For tests: instead of the process's. */
  readonly environment?: Environment
}

export class AwsProxy {
  readonly #config: ProxyConfig
  readonly #settings: Settings
  readonly #at: string
  readonly #default: Upstream
  /** By path. */
  readonly #routed: ReadonlyMap<string, Upstream>
  readonly #sweep: Sweep
  readonly #end = new AbortController()
  readonly #route: Route
  #running: { readonly server: HttpServer; readonly desk: Desk; readonly host: Host } | undefined
  #count: (service: string, outcome: string) => void = () => {}
  #state: ComponentState = 'ok'
  #underWay = 0

  constructor(config: ProxyConfig, settings: Settings, { at, environment }: AwsProxyOptions) {
    this.#config = config
    this.#settings = settings
    this.#at = at
    this.#sweep = new Sweep(settings.clock)
    const upstreams = new Map<string, Upstream>()
    const upstreamOf = (of: UpstreamOptions): Upstream => {
      const key = JSON.stringify(of)
      let upstream = upstreams.get(key)
      if (upstream === undefined) upstreams.set(key, (upstream = new Upstream(of, config, settings, environment)))
      return upstream
    }
    const { region, role_arn: roleArn, service_name, aws_endpoint: endpoint } = config
    this.#default = upstreamOf({ service: service_name || 'xray', region, roleArn, endpoint })
    const routed = new Map<string, Upstream>()
    for (const rule of config.additional_routing_rules) {
      const upstream = upstreamOf({
        service: rule.service_name,
        region: rule.region || region,
        roleArn: rule.role_arn || roleArn,
        endpoint: rule.aws_endpoint,
      })
      for (const path of rule.paths) {
        const whole = path.startsWith('/') ? path : `/${path}`
        if (!routed.has(whole)) routed.set(whole, upstream)
      }
    }
    this.#routed = routed
    this.#route = {
      signal: 'traces',
      take: (body, asker, request) => void this.#take(body, asker, request),
      refusal: answerOfError,
    }
  }

  /** Returns where it listens: `http://127.0.0.1:2000`. That AWS is not to be had only makes it degraded. */
  async start(host: Host): Promise<string> {
    const { log } = this.#settings
    const { dialer, endpoint, tls } = this.#config
    noticeSettingsWithoutEffect({ dialer }, this.#at, log)
    if (isWildcard({ endpoint, transport: 'tcp' }))
      log.warn(
        'listens on every interface: whoever reaches this machine can call AWS with the credentials of the agent',
        {
          endpoint,
          service: this.#default.service,
        },
      )
    // A file that is not there is a mistake in the config, whether or not AWS can be reached.
    if (tls.ca_file || tls.cert_file || tls.key_file) await loadClientTls(tls)
    this.#countRequests()
    const config = v.parse(serverConfig, { endpoint, max_request_body_size: MAX_BODY_BYTES })
    const desk = createDesk(config, {
      host,
      sweep: this.#sweep,
      onRefused: (reason) => this.#count(this.#default.service, reason),
      route: (request) => this.#look(request),
      refusal: answerOfError,
    })
    const server = new HttpServer(config, this.#settings, {
      handle: (request, response) => new Exchange(desk, request, response).begin(),
      onRefused: (reason) => this.#count(this.#default.service, reason),
    })
    const where = await server.start()
    this.#running = { server, desk, host }
    for (const upstream of this.#upstreams()) void this.#check(upstream)
    return where
  }

  #upstreams(): ReadonlySet<Upstream> {
    return new Set([this.#default, ...this.#routed.values()])
  }

  #countRequests(): void {
    const { meter, id } = this.#settings
    const counter = meter.createCounter('sluice_aws_proxy_requests', {
      description: 'Requests to the signing proxy, by the service they go to and what became of them.',
    })
    this.#count = (service, outcome) => counter.add(1, { component: id, service, outcome })
  }

  async #check(upstream: Upstream): Promise<void> {
    try {
      await upstream.check(this.#end.signal)
    } catch (error) {
      this.#degrade(upstream, error)
    }
  }

  #degrade(upstream: Upstream, error: unknown): void {
    if (this.#end.signal.aborted) return
    const reason = `requests cannot be forwarded to ${upstream.service}: ${messageOf(error)}`
    if (this.#state === 'ok')
      this.#settings.log.warn('the proxy cannot forward requests to AWS; it goes on trying with each', {
        service: upstream.service,
        error: messageOf(error),
      })
    this.#state = 'degraded'
    this.#running?.host.report('degraded', reason)
  }

  #recover(): void {
    if (this.#state === 'ok') return
    this.#state = 'ok'
    this.#settings.log.info('the proxy forwards requests to AWS again')
    this.#running?.host.report('ok')
  }

  #look({ headers, url = '' }: IncomingMessage): Route | RefusedError {
    // No SDK sends it, every browser does: a page that somebody looks at on this machine must not call AWS.
    if (headers.origin !== undefined)
      return new RefusedError(403, GRPC.PERMISSION_DENIED, 'from_page', 'requests of web pages are not forwarded')
    if (targetOf(url) === undefined)
      return new RefusedError(400, GRPC.INVALID_ARGUMENT, 'bad_path', 'the path must begin with a slash')
    if (this.#underWay >= MAX_UNDER_WAY)
      return new RefusedError(503, GRPC.UNAVAILABLE, 'too_many_requests', `${MAX_UNDER_WAY} requests are under way`)
    return this.#route
  }

  async #take(body: Buffer, asker: Asker, request: IncomingMessage): Promise<void> {
    const path = targetOf(request.url ?? '') ?? '/'
    const upstream = this.#routed.get(path.replace(/\?.*$/s, '')) ?? this.#default
    const forwarded = { method: request.method ?? 'GET', path, headers: endToEnd(request.headers), body }
    this.#underWay++
    try {
      const reply = await this.#forward(upstream, forwarded, asker.context().abort)
      this.#recover()
      this.#count(upstream.service, `http_${reply.status}`)
      asker.answer(answerOf(reply))
    } catch (error) {
      if (!(error instanceof SenderGone)) this.#degrade(upstream, error)
      asker.onRefused(refusalOf(error))
    } finally {
      this.#underWay--
    }
  }

  /** Ends with the sender, with the agent, or with the time limit. */
  async #forward(upstream: Upstream, request: ForwardedRequest, gone: AbortSignal): Promise<HttpReply> {
    const controller = new AbortController()
    const onGone = (): void => controller.abort(new SenderGone())
    const onEnd = (): void => controller.abort(new ShutdownError('the agent is shutting down'))
    const cancel = this.#settings.clock.after(TIME_LIMIT_MS, () => controller.abort(new TimeLimit(upstream.service)))
    gone.addEventListener('abort', onGone, { once: true })
    this.#end.signal.addEventListener('abort', onEnd, { once: true })
    try {
      return await upstream.forward(request, controller.signal)
    } finally {
      cancel()
      gone.removeEventListener('abort', onGone)
      this.#end.signal.removeEventListener('abort', onEnd)
    }
  }

  async stop(abort?: AbortSignal): Promise<void> {
    const running = this.#running
    this.#running = undefined
    const end = (): void => this.#end.abort()
    abort?.addEventListener('abort', end, { once: true })
    if (abort?.aborted) end()
    await running?.server.stop(running.desk.active, abort)
    abort?.removeEventListener('abort', end)
    end()
    this.#sweep.stop()
    for (const upstream of this.#upstreams()) upstream.close()
  }
}

class SenderGone extends Error {}
class TimeLimit extends Error {
  constructor(service: string) {
    super(`${service} does not answer within ${TIME_LIMIT_MS / 1000} s`)
  }
}

/** Path and query of a request target, which may be a whole URL; undefined when it has no path. */
function targetOf(url: string): string | undefined {
  const target = url.replace(/^https?:\/\/[^/?#]*/i, '')
  return target.startsWith('/') ? target : undefined
}

/** Of one connection, or of the signature that this request gets here. */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  'accept-encoding',
  'authorization',
  'connection',
  'content-encoding',
  'content-length',
  'expect',
  'forwarded',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-amz-content-sha256',
  'x-amz-date',
  'x-amz-security-token',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
])

/** What is meant for the other end, joined. The body has been decompressed. */
function endToEnd(headers: IncomingHttpHeaders): Record<string, string> {
  const connection = (headers.connection ?? '').toLowerCase().split(/\s*,\s*/)
  const forwarded: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined && !OWN_HEADERS.has(name) && !connection.includes(name))
      forwarded[name] = Array.isArray(value) ? value.join(', ') : value
  return forwarded
}

/** The reply has been read whole, and decompressed. */
function answerOf({ status, headers, body }: HttpReply): HttpAnswer {
  const connection = (headers.connection ?? '').toLowerCase().split(/\s*,\s*/)
  const names: string[] = []
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || OWN_HEADERS.has(name) || connection.includes(name)) continue
    for (const one of Array.isArray(value) ? value : [value]) names.push(name, one)
  }
  return { httpStatus: status, headers: names, body }
}

/** What the sender is told of what went wrong on the way. */
function refusalOf(error: unknown): unknown {
  const message = messageOf(error)
  if (error instanceof ShutdownError || error instanceof RefusedError) return error
  if (error instanceof SenderGone) return new RefusedError(499, GRPC.CANCELLED, 'aborted', message)
  if (error instanceof TimeLimit) return new RefusedError(504, GRPC.DEADLINE_EXCEEDED, 'timeout', message)
  if (error instanceof AwsError && error.refusal === 'credentials')
    return new RefusedError(503, GRPC.UNAVAILABLE, 'no_credentials', message)
  if (error instanceof RetryableError || error instanceof PermanentError)
    return new RefusedError(502, GRPC.UNAVAILABLE, error.reason, message)
  return new RefusedError(503, GRPC.UNAVAILABLE, 'not_ready', message)
}

/** As AWS says it, so that SDKs can show it. */
function answerOfError(error: unknown): HttpAnswer {
  const body = Buffer.from(JSON.stringify({ message: messageOf(error) }))
  return { httpStatus: httpStatusOf(error, statusOf(error)), headers: ['content-type', 'application/json'], body }
}
