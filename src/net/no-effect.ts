// Settings of the collector that are accepted, so that its files run, and change nothing here. This is all of them.
import type { Logger } from '../contract/index.ts'

/** Of servers: the setting's path, and why nothing is lost. */
const serverSettings: Readonly<Record<string, string>> = {
  dialer: 'it is for whoever connects, and a server does not',
  read_buffer_size: 'reads are as large as what has come',
  write_buffer_size: 'answers that are ready at the same time leave together',
  'tls::ca_file': 'clients are checked against client_ca_file, as in the collector',
  'tls::ca_pem': 'clients are checked against client_ca_file, as in the collector',
}

/** Says once which settings of this server do nothing. `at` is where it stands in the component's config: `protocols::grpc`. */
export function noticeSettingsWithoutEffect(config: object, at: string, log: Logger): void {
  for (const [path, reason] of Object.entries(serverSettings))
    if (valueAt(config, path.split('::')) !== undefined)
      log.info('a setting has no effect here', { setting: at === '' ? path : `${at}::${path}`, reason })
}

function valueAt(config: object, path: readonly string[]): unknown {
  let value: unknown = config
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    value = (value as Record<string, unknown>)[key]
  }
  return value
}
