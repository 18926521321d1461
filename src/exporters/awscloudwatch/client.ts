// PutMetricData, in the protocol that the AWS SDKs speak to CloudWatch now (AWS JSON 1.0). The older one, query, is XML and form
// fields, twice the size; both AWS and stand-ins for it take either.
import { type AwsApi, type AwsClient, AwsError, deliveryError } from '../../aws/index.ts'
import { TooLargeError } from '../../contract/index.ts'
import type { Outgoing } from '../../delivery/index.ts'
import { createCompress } from '../../net/compress.ts'
import { bodyOf, type MetricData } from './calls.ts'

export const MONITORING_API: AwsApi = {
  signingName: 'monitoring',
  endpointPrefix: 'monitoring',
  endpointVariable: 'CLOUDWATCH',
  protocol: { type: 'json', version: '1.0', targetPrefix: 'GraniteServiceVersion20100801' },
}

/** Of `AwsClient`, what is needed here. */
export type MonitoringClient = Pick<AwsClient, 'start' | 'call' | 'close'>

type Put = (outgoing: Outgoing<MetricData>, abort: AbortSignal) => Promise<void>

export function createPut(client: MonitoringClient, isCompressed: boolean): Put {
  const compress = isCompressed ? createCompress('gzip') : undefined
  return async ({ request, items }, abort) => {
    const body = bodyOf(request)
    const sizeBytes = body.reduce((sum, chunk) => sum + chunk.length, 0)
    const call = compress === undefined ? { chunks: body, sizeBytes } : await compressed(compress(body, sizeBytes))
    try {
      await client.call({ operation: 'PutMetricData', ...call }, abort)
    } catch (error) {
      throw isAboutOneDatum(error) && items > 1
        ? new TooLargeError(error.message, { cause: error, reason: 'invalid_request' })
        : deliveryError(error)
    }
  }
}

async function compressed(body: Buffer | Promise<Buffer>) {
  const chunk = await body
  return { chunks: [chunk], sizeBytes: chunk.length, headers: { 'content-encoding': 'gzip' } }
}

/** AWS takes a call whole or not at all; halves find the one that it does not take. */
const isAboutOneDatum = (error: unknown): error is AwsError =>
  error instanceof AwsError && error.refusal === 'invalid' && /MetricData\b/.test(error.message)
