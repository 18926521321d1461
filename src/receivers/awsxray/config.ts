import * as v from 'valibot'
import { proxyEntries } from '../../aws/proxy-config.ts'
import { coded } from '../../config/coded.ts'
import { endpoint } from '../../config/endpoint.ts'
import { oneOf, optional, section, setting } from '../../config/schema.ts'
import { duration } from '../../config/values.ts'

const address = v.pipe(
  endpoint,
  v.check(
    (text) => !/^(unix:|@?\/)/.test(text),
    coded('bad_endpoint', 'must be host:port: SDKs send segments over UDP'),
  ),
)

export const config = section({
  endpoint: setting(
    address,
    'localhost:2000',
    'Where to listen for segments over UDP: host:port (port 0 is any free one, no host is every interface).',
  ),
  transport: setting(
    oneOf(['udp', 'udp4', 'udp6']),
    'udp',
    'The kind of socket: X-Ray SDKs send over UDP only. `udp4` and `udp6` take one family only.',
  ),
  dialer: optional(
    section({ timeout: optional(duration, 'How long a connection may take to open.') }),
    'For whoever connects; a listener has no use for it.',
  ),
  proxy_server: setting(
    section(proxyEntries),
    {},
    'Where SDKs ask for their sampling rules, over TCP: forwarded to X-Ray, signed with the credentials of the agent.',
  ),
})
export type AwsXrayReceiverConfig = v.InferOutput<typeof config>
