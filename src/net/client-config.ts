// The collector's settings of clients: what every HTTP client and every gRPC client has, to spread into a section.
import * as v from 'valibot'
import { coded } from '../config/coded.ts'
import { extensionId } from '../config/component-id.ts'
import { parseHttpUrl } from '../config/endpoint.ts'
import { headers } from '../config/headers.ts'
import { oneOf, optional, required, section, setting } from '../config/schema.ts'
import { duration, flag, integer, text } from '../config/values.ts'
import { type Logger, messageOf } from '../contract/index.ts'
import type { Codec } from './compress.ts'
import { parseGrpcTarget } from './grpc-target.ts'
import { notYet } from './not-yet.ts'
import { proxyProblem } from './proxy.ts'
import { clientTls } from './tls.ts'

/** Those that say where a message begins and ends, or belong to one connection: the client's own business. */
const FRAMING: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** Whether a header belongs to the message's form rather than to who sends it. */
export const isFraming = (name: string): boolean => FRAMING.has(name.toLowerCase()) || /^grpc-/i.test(name)

/** Latin-1 is all that a header can carry. */
const BEYOND_LATIN1 = /[^\0-\xff]/

const clientHeaders = v.pipe(
  headers,
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return
    for (const [name, value] of Object.entries(dataset.value)) {
      if (isFraming(name))
        addIssue({ message: coded('unfit_header', `${name} is set by the client itself: remove it`) })
      // Never the value: it may be a token.
      if (BEYOND_LATIN1.test(value.reveal()))
        addIssue({ message: coded('unfit_header', `the value of ${name} has a letter that headers cannot carry`) })
    }
  }),
)

const COMPRESSIONS = ['', 'none', 'gzip', 'zstd', 'zlib', 'deflate', 'snappy', 'x-snappy-framed', 'lz4'] as const
type Compression = (typeof COMPRESSIONS)[number]

const isCodec = (name: Compression): name is Codec => name !== '' && name !== 'none'

const compressionAmong = (supported: readonly Compression[]) =>
  v.pipe(
    oneOf(COMPRESSIONS),
    v.check(
      (name) => supported.includes(name),
      coded(
        'unknown_choice',
        ({ input }) =>
          `${String(input)} is none of gRPC's: use zstd (less CPU, about the size of gzip), gzip or snappy`,
      ),
    ),
  )

/** Undefined for none. */
export const codecOf = (name: Compression): Codec | undefined => (isCodec(name) ? name : undefined)

/** In gRPC snappy is its stream format. */
export const grpcCodecOf = (name: Compression): Codec | undefined =>
  name === 'snappy' ? 'x-snappy-framed' : codecOf(name)

const compressionParams = section({
  level: setting(
    integer(-2, 22),
    0,
    'gzip, zlib and deflate: 1 (fast) to 9 (small), -2 for Huffman only; zstd: 1 to 22. 0 and -1 mean 6, for zstd 1.',
  ),
})

/** The problem with that level, if it is one the codec does not have. */
function levelProblem(compression: Compression, level: number): string | undefined {
  if (level === 0) return undefined
  if (!isCodec(compression)) return `there is no level without a compression, got ${level}`
  if (compression === 'snappy' || compression === 'x-snappy-framed' || compression === 'lz4')
    return `${compression} has no levels, got ${level}`
  const [least, most] = compression === 'zstd' ? [-1, 22] : [-2, 9]
  return level < least || level > most ? `must be ${least} to ${most} for ${compression}, got ${level}` : undefined
}

const clientAuth = optional(
  section({
    authenticator: required(
      extensionId,
      'The id of an extension: basicauth, bearertokenauth, oauth2client, headers_setter; over HTTP also sigv4auth.',
    ),
  }),
  'An extension that says to the destination who sends.',
)
const middlewares = notYet('middlewares for clients')

const GRPC_COMPRESSIONS: readonly Compression[] = ['', 'none', 'gzip', 'zstd', 'snappy']

/** A URL, or empty as if it were not there. */
export const httpUrl = v.pipe(
  text,
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed || dataset.value === '') return
    try {
      parseHttpUrl(dataset.value)
    } catch (error) {
      addIssue({ message: coded('bad_url', messageOf(error)) })
    }
  }),
  v.metadata({ kind: 'url' }),
)

const grpcEndpoint = v.pipe(
  text,
  v.check(
    (endpoint) => endpoint === '' || typeof parseGrpcTarget(endpoint) !== 'string',
    coded('bad_endpoint', ({ input }: v.CheckIssue<string>) => String(parseGrpcTarget(input))),
  ),
  v.metadata({ kind: 'endpoint' }),
)

/** A proxy, or empty as if it were not there. */
export const proxyUrl = v.pipe(
  text,
  v.check(
    (url) => url === '' || proxyProblem(url) === undefined,
    coded('bad_url', ({ input }: v.CheckIssue<string>) => proxyProblem(input) ?? ''),
  ),
)

const keepalive = section({
  enabled: setting(flag, true, 'Whether connections are used again.'),
  idle_conn_timeout: setting(duration, '90s', 'How long a connection that nobody uses stays open; 0 is for ever.'),
  max_idle_conns: setting(integer(), 100, 'The most connections that stay open unused; 0 is no limit.'),
  max_idle_conns_per_host: setting(integer(), 0, 'The same for one host; 0 is as many as max_idle_conns.'),
})

/** The settings whose effect Go's HTTP and gRPC libraries have and Node's have not: accepted, and said at start. */
const HTTP_WITHOUT_EFFECT = {
  force_attempt_http2: [flag, 'requests go over HTTP/1.1, which every OTLP/HTTP destination speaks'],
  http2_read_idle_timeout: [duration, 'requests go over HTTP/1.1; dead connections are found by TCP keep-alive'],
  http2_ping_timeout: [duration, 'requests go over HTTP/1.1; dead connections are found by TCP keep-alive'],
  read_buffer_size: [integer(), 'buffers belong to Node'],
  write_buffer_size: [integer(), 'a request is written in one go, without a buffer'],
} as const
const GRPC_WITHOUT_EFFECT = {
  read_buffer_size: [integer(), 'buffers belong to Node'],
  write_buffer_size: [integer(), 'a request is written in one go, without a buffer'],
} as const

/** confighttp.ClientConfig but for `timeout`, which delivery has. */
export const httpClientSettings = (of: { readonly compression: Compression }) => ({
  endpoint: setting(httpUrl, '', 'Where to send to: http:// or https://, host, port and a path if there is one.'),
  tls: setting(clientTls, {}, 'Who to trust and how to show who we are; for https endpoints.'),
  headers: setting(clientHeaders, {}, 'Sent with every request. Values are never printed.'),
  compression: setting(
    oneOf(COMPRESSIONS),
    of.compression,
    'gzip, zstd, zlib, deflate, snappy, x-snappy-framed, lz4 or none.',
  ),
  compression_params: setting(compressionParams, {}, 'How hard to compress.'),
  proxy_url: setting(
    proxyUrl,
    '',
    'A proxy, http:// or https://. Default: what HTTP_PROXY, HTTPS_PROXY and NO_PROXY in the environment say.',
  ),
  max_conns_per_host: setting(integer(), 0, 'The most connections at a time to one host; 0 is no limit.'),
  keepalive: optional(keepalive, 'Connections that stay open between requests.'),
  max_idle_conns: optional(integer(), 'As keepalive::max_idle_conns; the older spelling.'),
  max_idle_conns_per_host: optional(integer(), 'As keepalive::max_idle_conns_per_host; the older spelling.'),
  idle_conn_timeout: optional(duration, 'As keepalive::idle_conn_timeout; the older spelling.'),
  disable_keep_alives: optional(
    flag,
    'A connection for each request; the older spelling of keepalive::enabled: false.',
  ),
  cookies: optional(
    section({ enabled: setting(flag, true, 'Whether cookies are kept.') }),
    'On when given ({}): cookies that the destination sets are sent back to it.',
  ),
  ...withoutEffect(HTTP_WITHOUT_EFFECT),
  auth: clientAuth,
  middlewares,
})

/** configgrpc.ClientConfig. */
export const grpcClientSettings = (of: { readonly compression: Compression }) => ({
  endpoint: setting(
    grpcEndpoint,
    '',
    'Where to send to: host:port, http(s)://host:port, dns:///host:port, passthrough:///host:port or unix:///path.',
  ),
  tls: setting(clientTls, {}, 'TLS is on unless insecure: true says otherwise.'),
  headers: setting(clientHeaders, {}, 'Sent with every request. Values are never printed.'),
  compression: setting(compressionAmong(GRPC_COMPRESSIONS), of.compression, 'gzip, zstd, snappy or none.'),
  keepalive: optional(
    section({
      enabled: setting(flag, true, 'Whether to ping.'),
      time: setting(duration, '10s', 'The silence after which the connection is pinged; at least 10s.'),
      timeout: setting(duration, '10s', 'How long an answer to a ping may take before the connection is given up.'),
      permit_without_stream: setting(flag, false, 'Pings even while no request is under way.'),
    }),
    'Pings that find dead connections. Off unless given.',
  ),
  balancer_name: setting(
    oneOf(['round_robin', 'pick_first', '']),
    'round_robin',
    'Among several addresses of the host: round_robin uses all in turn, pick_first the first that answers.',
  ),
  wait_for_ready: setting(flag, false, 'Waits for a connection, up to the timeout, instead of failing at once.'),
  authority: setting(text, '', 'The :authority of requests, instead of the host; also the name that TLS checks.'),
  user_agent: setting(text, '', 'The user-agent of requests, instead of name and version of this agent.'),
  ...withoutEffect(GRPC_WITHOUT_EFFECT),
  auth: clientAuth,
  middlewares,
})

function withoutEffect<const T extends Readonly<Record<string, readonly [v.GenericSchema, string]>>>(table: T) {
  const entries: Record<string, v.GenericSchema> = {}
  for (const [key, [schema, why]] of Object.entries(table))
    entries[key] = optional(schema, `Has no effect here: ${why}.`)
  return entries as { [K in keyof T]: v.OptionalSchema<T[K][0], undefined> }
}

/** A line for each setting that was given and changes nothing. */
export function noteWithoutEffect(
  config: HttpClientConfig | GrpcClientConfig,
  kind: 'http' | 'grpc',
  log: Logger,
): void {
  const given: Readonly<Record<string, unknown>> = config
  for (const [setting, [, why]] of Object.entries(kind === 'http' ? HTTP_WITHOUT_EFFECT : GRPC_WITHOUT_EFFECT))
    if (given[setting] !== undefined) log.info('setting has no effect', { setting, why })
}

/** What must fit together, for `v.pipe(section({ ...httpClientSettings(…) }), checkHttpClient())`. */
export const checkHttpClient = <C extends HttpClientConfig>() =>
  v.rawCheck<C>(({ dataset, addIssue }) => {
    if (!dataset.typed) return
    const config = dataset.value
    const problem = levelProblem(config.compression, config.compression_params.level)
    if (problem !== undefined) addIssue({ message: `compression_params::level: ${problem}` })
    for (const message of keepaliveProblems(config)) addIssue({ message })
  })

/** Settings that say the same twice. */
export const keepaliveProblems = (config: HttpClientConfig): string[] =>
  config.keepalive === undefined
    ? []
    : OLD_KEEPALIVE.filter((old) => config[old]).map((old) => `${old}: give it in keepalive, or leave keepalive out`)

const OLD_KEEPALIVE = ['max_idle_conns', 'max_idle_conns_per_host', 'idle_conn_timeout', 'disable_keep_alives'] as const

/** How connections are kept, whichever way it was said; 0 is no limit. */
export interface Keepalive {
  readonly isOn: boolean
  readonly maxIdle: number
  readonly maxIdlePerHost: number
  readonly idleTimeoutMs: number
}

export const keepaliveOf = (config: HttpClientConfig): Keepalive => ({
  isOn: config.keepalive?.enabled ?? !config.disable_keep_alives,
  maxIdle: config.keepalive?.max_idle_conns ?? config.max_idle_conns ?? 100,
  maxIdlePerHost: config.keepalive?.max_idle_conns_per_host ?? config.max_idle_conns_per_host ?? 0,
  idleTimeoutMs: config.keepalive?.idle_conn_timeout ?? config.idle_conn_timeout ?? 90_000,
})

type SectionOf<F extends (of: never) => v.ObjectEntries> = v.InferOutput<ReturnType<typeof section<ReturnType<F>>>>
export type HttpClientConfig = SectionOf<typeof httpClientSettings>
export type GrpcClientConfig = SectionOf<typeof grpcClientSettings>
