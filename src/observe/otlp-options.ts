// Where own telemetry is sent, in the words of the official OTLP exporters.
import { readFileSync } from 'node:fs'
import type { AgentOptions } from 'node:https'
import type { MetricReader, Secret } from '../config/index.ts'
import { messageOf } from '../contract/index.ts'

type OtlpMetrics = NonNullable<NonNullable<MetricReader['periodic']>['exporter']['otlp']>
/** What the three signals have in common. */
export type OtlpSettings = Omit<OtlpMetrics, 'temporality_preference' | 'default_histogram_aggregation'>

export interface OtlpOptions {
  readonly url: string
  readonly headers: Record<string, string>
  readonly timeoutMillis: number
  readonly compression: 'gzip' | 'none'
  readonly httpAgentOptions: AgentOptions
}

const DEFAULT_ENDPOINT = 'http://localhost:4318'

/** `path` is the signal's; `where` is the place in the config, for errors. The compression is the exporters' enum by value. */
export function otlpOptions(settings: OtlpSettings, path: string, where: string): OtlpOptions {
  const { timeout, compression } = settings
  return {
    url: urlOf(settings, path),
    headers: headersOf({ ...settings.headers_list, ...settings.headers }),
    timeoutMillis: timeout,
    compression: compression === 'gzip' ? 'gzip' : 'none',
    httpAgentOptions: {
      keepAlive: true,
      ...file('ca', settings.certificate, where),
      ...file('cert', settings.client_certificate, where),
      ...file('key', settings.client_key, where),
    },
  }
}

/** An endpoint with a path is the whole address; without one the signal's path is appended. */
function urlOf({ endpoint, insecure }: OtlpSettings, path: string): string {
  const text = endpoint === '' ? DEFAULT_ENDPOINT : endpoint
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `${insecure ? 'http' : 'https'}://${text}`
  const url = new URL(withScheme)
  if (url.pathname === '/') url.pathname = path
  return url.href
}

const headersOf = (headers: Readonly<Record<string, Secret>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.reveal()]))

function file<K extends string>(key: K, path: string, where: string): { [P in K]?: Buffer } {
  if (path === '') return {}
  try {
    return { [key]: readFileSync(path) } as { [P in K]?: Buffer }
  } catch (error) {
    throw new Error(`${where}: cannot read ${path}: ${messageOf(error)}`, { cause: error })
  }
}
