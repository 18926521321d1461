// Objects of S3: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
import { decodeText } from '../../config/retrieve.ts'
import { placeOf } from '../bucket.ts'
import type { AwsClient } from '../client.ts'
import { partitionOf } from '../partition.ts'
import { encodeRfc3986 } from '../sign.ts'
import type { ObjectName } from './name.ts'
import type { Asked } from './refusal.ts'

export function objectAsked({ bucket, key }: ObjectName, region: string): Asked {
  const arn = `arn:${partitionOf(region).name}:s3:::${bucket}`
  return {
    name: `s3:${bucket}/${key}`,
    action: 's3:GetObject',
    arn: () => `${arn}/${key}`,
    alsoDenied: `; S3 says the same of an object that is not there, unless s3:ListBucket is allowed on ${arn}`,
    region,
  }
}

export async function readObject(
  client: AwsClient,
  { bucket, key }: ObjectName,
  abort: AbortSignal,
): Promise<{ readonly text: string; readonly isSecret: false }> {
  const { endpoint, path } = placeOf(bucket, client.session, { s3_force_path_style: false, disable_ssl: false })
  const operation = path + key.split('/').map(encodeRfc3986).join('/')
  const body = await client.read({ operation, method: 'GET', chunks: [], sizeBytes: 0, endpoint }, abort)
  return { text: decodeText(body, `s3:${bucket}/${key}`), isSecret: false }
}
