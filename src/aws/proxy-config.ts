// The settings of the signing proxy, as in the collector (internal/aws/proxy): of the receiver awsxray and the extension awsproxy.
import * as v from 'valibot'
import { endpoint } from '../config/endpoint.ts'
import { list, optional, required, section, setting } from '../config/schema.ts'
import { duration, nonEmptyText, text } from '../config/values.ts'
import { clientTls } from '../net/tls.ts'
import { awsSettings } from './config.ts'

const serviceName = v.pipe(
  text,
  v.regex(/^[a-z0-9.-]*$/, 'must be the name that AWS signs the service with, such as xray or logs'),
)

const routingRule = section({
  paths: required(
    v.pipe(list(nonEmptyText), v.nonEmpty('must name at least one path')),
    'The paths of the requests, with or without the slash they begin with; each whole.',
  ),
  service_name: required(
    v.pipe(serviceName, v.nonEmpty('must not be empty')),
    'The service they go to, by the name that AWS signs it with: logs.',
  ),
  region: setting(awsSettings.region, '', 'Its region; by default that of the proxy.'),
  role_arn: setting(awsSettings.role_arn, '', 'The role to take on for it; by default that of the proxy.'),
  aws_endpoint: setting(
    awsSettings.endpoint,
    '',
    'Another address of it. Default: AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, the public one.',
  ),
})

/** To spread into a section. */
export const proxyEntries = {
  endpoint: setting(
    endpoint,
    'localhost:2000',
    'Where to listen for HTTP: host:port (port 0 is any free one, no host is every interface), or the path of a unix socket.',
  ),
  dialer: optional(
    section({ timeout: optional(duration, 'How long a connection may take to open.') }),
    'For whoever connects; a listener has no use for it.',
  ),
  proxy_address: awsSettings.proxy_address,
  tls: setting(clientTls, {}, 'Who to trust at AWS; `insecure` takes any certificate, for tests only.'),
  region: awsSettings.region,
  role_arn: awsSettings.role_arn,
  aws_endpoint: setting(
    awsSettings.endpoint,
    '',
    'Another address of the service: a VPC endpoint, a test server. Default: AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, the public one.',
  ),
  local_mode: awsSettings.local_mode,
  service_name: setting(serviceName, 'xray', 'The service that requests go to, by the name that AWS signs it with.'),
  additional_routing_rules: setting(
    list(routingRule),
    [],
    'Paths that go to another service, region or account; of rules with the same path the first one counts.',
  ),
} satisfies v.ObjectEntries

export type ProxyConfig = v.InferOutput<ReturnType<typeof section<typeof proxyEntries>>>
