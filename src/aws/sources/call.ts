// A call of an API that speaks JSON: an object in, an object out.
import type { AwsClient } from '../client.ts'

export async function callJson(
  client: AwsClient,
  operation: string,
  input: object,
  abort: AbortSignal,
): Promise<Readonly<Record<string, unknown>>> {
  const body = Buffer.from(JSON.stringify(input))
  const answer = await client.call({ operation, chunks: [body], sizeBytes: body.length }, abort)
  return isMapping(answer) ? answer : {}
}

export const isMapping = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
