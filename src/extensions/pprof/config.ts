import * as v from 'valibot'
import { optional, section, setting } from '../../config/schema.ts'
import { integer, text } from '../../config/values.ts'
import { httpServerEntries } from '../../net/http-server.ts'
import { addressEntries, addressIsValid } from '../../net/listen.ts'
import type { QuestionServerConfig } from '../../net/question-server.ts'

const ENDPOINT = 'localhost:1777'
const { endpoint, dialer } = addressEntries(ENDPOINT)

const entries = {
  endpoint,
  dialer,
  block_profile_fraction: setting(
    integer(),
    0,
    'For the collector: how many blocking events are profiled. No effect here, where nothing blocks a thread.',
  ),
  mutex_profile_fraction: setting(
    integer(),
    0,
    'For the collector: how many contended locks are profiled. No effect here, where there are none.',
  ),
  save_to_file: optional(
    text,
    'Profiles the CPU from the start to the stop, and writes that to this file; one whose name ends in .cpuprofile is for browsers.',
  ),
}

export const config = v.pipe(
  section(entries),
  v.transform((given) => ({ ...given, transport: 'tcp' as const })),
  addressIsValid(),
)
export type PprofConfig = v.InferOutput<typeof config>

/** The other settings of a server are as the collector's, which nobody can change. A profile may take as long as was asked. */
export function serverOf({ endpoint, dialer }: PprofConfig): QuestionServerConfig {
  const limits = { read_header_timeout: '10s', write_timeout: '0s', idle_timeout: '1m' }
  return v.parse(section(httpServerEntries(ENDPOINT, limits)), { endpoint, ...(dialer && { dialer: {} }) })
}
