import * as v from 'valibot'
import { section, setting } from '../../config/schema.ts'
import { flag } from '../../config/values.ts'
import { httpServerEntries } from '../../net/http-server.ts'
import { addressIsValid } from '../../net/listen.ts'

const entries = {
  ...httpServerEntries('localhost:55679', { read_header_timeout: '1m', write_timeout: '30s', idle_timeout: '1m' }),
  expvar: setting(
    section({ enabled: setting(flag, false, 'Whether /debug/expvarz answers with numbers of the runtime, as JSON.') }),
    {},
    'Numbers of the runtime beside the pages.',
  ),
}

export const config = v.pipe(section(entries), addressIsValid())
export type ZPagesConfig = v.InferOutput<typeof config>
