import * as v from 'valibot'
import { coded } from '../../config/coded.ts'
import { parseEndpoint } from '../../config/endpoint.ts'
import { list, oneOf, section, setting } from '../../config/schema.ts'
import { duration, integer, size, text } from '../../config/values.ts'
import { messageOf } from '../../contract/index.ts'

const DEFAULT_ENDPOINT = 'localhost:25888'

const endpoint = v.pipe(
  text,
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return
    try {
      if (parseEndpoint(dataset.value).path !== undefined)
        addIssue({ message: coded('bad_endpoint', `must be host:port, such as ${DEFAULT_ENDPOINT}`) })
    } catch (error) {
      addIssue({
        message: coded('bad_endpoint', `must be host:port, such as ${DEFAULT_ENDPOINT}: ${messageOf(error)}`),
      })
    }
  }),
)

export const config = section({
  endpoint: setting(
    endpoint,
    DEFAULT_ENDPOINT,
    'Where to listen, for each transport: host:port; no host is every interface.',
  ),
  transports: setting(
    v.pipe(list(oneOf(['tcp', 'udp'])), v.nonEmpty('must have tcp or udp')),
    ['tcp', 'udp'],
    'How lines are taken: `tcp`, each ended by a line feed; `udp`, one or more in a packet.',
  ),
  max_line_size: setting(
    v.pipe(size, v.minValue(1024, 'must be at least 1024')),
    '1MiB',
    'The longest line; longer ones are skipped and counted. CloudWatch takes 1 MiB.',
  ),
  max_connections: setting(
    integer(1),
    1024,
    'How many TCP clients there are at once; for one more the quietest gives way, when it has said nothing for ten seconds.',
  ),
  line_timeout: setting(
    duration,
    '30s',
    'How long a line may take from its first byte to its last; a slower connection is closed. 0 is no limit.',
  ),
  socket_buffer_size: setting(
    integer(),
    0,
    'How many bytes of packets the kernel keeps for us (SO_RCVBUF), as far as the system allows; 0 asks for 8 MiB.',
  ),
})
export type AwsEmfReceiverConfig = v.InferOutput<typeof config>
