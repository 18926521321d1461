// `proxyEntries`: the signing proxy, of a receiver and of an extension.
import { type Changes, type Scene, under } from './change.ts'
import { clientTlsChanges } from './tls.ts'

const heldBy = ['test/aws/']
const role = 'arn:aws:iam::123456789012:role/telemetry'
const rule = { paths: ['/other'], service_name: 'logs' }

const changes: Changes = {
  endpoint: { value: 'localhost:0', change: 'where it listens' },
  'dialer.timeout': { value: '1s', change: 'a line in the log says that it has no effect', isReadAsSection: true },
  proxy_address: { value: 'http://127.0.0.1:9', change: 'requests go through it' },
  'tls.insecure': { value: true, change: 'any certificate will do' },
  region: { value: 'us-east-1', change: 'which region it is signed for' },
  role_arn: { value: role, change: 'whose credentials they are' },
  aws_endpoint: { value: ({ aws }: Scene) => `${aws.url}/below`, change: 'where requests go' },
  local_mode: { value: true, change: 'ECS and EC2 are not asked for the region' },
  service_name: { value: 'logs', change: 'which service it is signed for' },
  'additional_routing_rules[].paths': { value: ['/more'], change: 'what goes there' },
  'additional_routing_rules[].service_name': { value: 'monitoring', change: 'which service that is' },
  'additional_routing_rules[].region': { value: 'us-east-1', change: 'in which region' },
  'additional_routing_rules[].role_arn': { value: role, change: 'as whom' },
  'additional_routing_rules[].aws_endpoint': { value: 'http://127.0.0.1:9', change: 'where it is' },
}

/** `prefix` is the section that it is in. */
export const proxyChanges = (prefix: '' | 'proxy_server'): Changes => {
  const inside = (config: object): object => (prefix === '' ? config : { [prefix]: config })
  const secure = (): object => inside({ aws_endpoint: 'https://127.0.0.1:9' })
  const own = Object.entries(changes).map(([path, change]) => [
    path,
    path.startsWith('additional_routing_rules[]')
      ? { ...change, with: inside({ additional_routing_rules: [rule] }) }
      : change,
  ])
  const tls = clientTlsChanges(prefix === '' ? 'tls' : `${prefix}.tls`, secure)
  return { ...under(prefix, Object.fromEntries(own), { heldBy }), ...tls }
}
