import * as v from 'valibot'
import { section } from '../../config/schema.ts'
import { deliverySettings } from '../../delivery/index.ts'

/** Nothing fails and nothing takes time here: there is no use for retry and timeout. */
const { sending_queue, retry_on_failure, timeout } = deliverySettings({
  queueEnabled: false,
  retryEnabled: false,
  timeout: '0s',
})
export const once = v.parse(section({ retry_on_failure, timeout }), {})

export const config = section({ sending_queue })
export type NopConfig = v.InferOutput<typeof config>
