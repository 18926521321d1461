import * as v from 'valibot'
import { coded } from '../../config/coded.ts'
import { oneOf, section, setting } from '../../config/schema.ts'
import type { Signal } from '../../data/index.ts'
import { deliverySettings } from '../../delivery/index.ts'
import { checkHttpClient, httpClientSettings, httpUrl } from '../../net/client-config.ts'
import { otlpNames } from '../../net/otlp.ts'

const instead = (signal: string) =>
  setting(httpUrl, '', `The whole URL for ${signal}, instead of endpoint with /v1/${signal} behind it.`)

export const config = v.pipe(
  section({
    ...httpClientSettings({ compression: 'gzip' }),
    traces_endpoint: instead('traces'),
    metrics_endpoint: instead('metrics'),
    logs_endpoint: instead('logs'),
    profiles_endpoint: setting(httpUrl, '', 'Has no effect here: profiles are not carried.'),
    encoding: setting(oneOf(['proto', 'json']), 'proto', 'proto (protobuf) or json, which costs more on both sides.'),
    ...deliverySettings({ timeout: '30s' }),
  }),
  v.check(
    ({ endpoint, traces_endpoint, metrics_endpoint, logs_endpoint }) =>
      [endpoint, traces_endpoint, metrics_endpoint, logs_endpoint].some((url) => url !== ''),
    coded(
      'missing_setting',
      'needs to know where to send to: endpoint: http://localhost:4318, or traces_endpoint, metrics_endpoint, logs_endpoint',
    ),
  ),
  checkHttpClient(),
)
export type OtlpHttpConfig = v.InferOutput<typeof config>

/** Where that signal goes; undefined when the config has no place for it. */
export function urlOf(signal: Signal, config: OtlpHttpConfig): string | undefined {
  const own = config[`${signal}_endpoint`]
  if (own !== '') return own
  if (config.endpoint === '') return undefined
  return config.endpoint.replace(/\/$/, '') + otlpNames[signal].path
}
