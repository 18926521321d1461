import * as v from 'valibot'
import { coded } from '../../config/coded.ts'
import { named, section, setting } from '../../config/schema.ts'
import { text } from '../../config/values.ts'
import { grpcServerEntries } from '../../net/grpc-server.ts'
import { httpServerEntries } from '../../net/http-server.ts'
import { addressIsValid } from '../../net/listen.ts'
import { signalNames } from './signals.ts'

/** As in the collector a path may come without its slash. */
const urlPath = v.pipe(
  text,
  v.regex(/^[^?#\s]*$/, 'must be a path, without query or spaces'),
  v.transform((path) => (path.startsWith('/') ? path : `/${path}`)),
)

const httpEntries = {
  ...httpServerEntries('localhost:4318', { read_header_timeout: '0s', write_timeout: '0s', idle_timeout: '0s' }),
  traces_url_path: setting(urlPath, signalNames.traces.path, 'Where spans are posted.'),
  metrics_url_path: setting(urlPath, signalNames.metrics.path, 'Where metrics are posted.'),
  logs_url_path: setting(urlPath, signalNames.logs.path, 'Where log records are posted.'),
}
const http = v.pipe(section(httpEntries), addressIsValid())
const grpc = v.pipe(section(grpcServerEntries('localhost:4317')), addressIsValid())
export type OtlpGrpcConfig = v.InferOutput<typeof grpc>
export type OtlpHttpConfig = v.InferOutput<typeof http>

const protocols = v.pipe(
  section({
    grpc: named(grpc, 'OTLP over gRPC; on when it is named.'),
    http: named(http, 'OTLP over HTTP, protobuf and JSON; on when it is named.'),
  }),
  v.check(
    ({ grpc, http }) => grpc !== undefined || http !== undefined,
    coded('missing_setting', 'must name at least one of grpc and http'),
  ),
)

export const config = section({
  protocols: setting(protocols, {}, 'What to listen for.'),
})
export type OtlpConfig = v.InferOutput<typeof config>
