import * as v from 'valibot'
import { coded } from '../../config/coded.ts'
import { section } from '../../config/schema.ts'
import { deliverySettings } from '../../delivery/index.ts'
import { grpcClientSettings } from '../../net/client-config.ts'

export const config = v.pipe(
  section({ ...grpcClientSettings({ compression: 'gzip' }), ...deliverySettings() }),
  v.forward(
    v.check(
      ({ endpoint }) => endpoint !== '',
      coded('missing_setting', 'needs to know where to send to, such as localhost:4317'),
    ),
    ['endpoint'],
  ),
)
export type OtlpGrpcConfig = v.InferOutput<typeof config>
