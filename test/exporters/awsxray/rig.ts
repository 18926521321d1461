// The exporter on a strict X-Ray that is called directly, or over a socket.
import * as v from 'valibot'
import type { AwsCall, AwsError } from '../../../src/aws/index.ts'
import type { Batch } from '../../../src/data/index.ts'
import { type AwsXrayConfig, config } from '../../../src/exporters/awsxray/config.ts'
import { createAwsXrayExporter, type XrayClient } from '../../../src/exporters/awsxray/exporter.ts'
import { type TestSettings, testSettings } from '../../../src/testing/index.ts'
import { spansOf, type TestSpan } from '../../aws/xray/segments.ts'
import { XrayService } from '../../emulator/xray.ts'
import { type AwsRig, rigOf } from '../aws-rig.ts'

/** Calls the service without a socket. */
export class DirectClient implements XrayClient {
  readonly service = new XrayService()
  readonly sizes: number[] = []
  /** Thrown instead of an answer, one for each call that is to come. */
  readonly failures: (AwsError | undefined)[] = []
  /** Given instead of an answer. */
  readonly answers: unknown[] = []
  isStarted = false
  isClosed = false

  async start(): Promise<void> {
    this.isStarted = true
  }
  close(): void {
    this.isClosed = true
  }
  async call({ operation, chunks, sizeBytes }: AwsCall): Promise<unknown> {
    const failure = this.failures.shift()
    if (failure !== undefined) throw failure
    const body = Buffer.concat(chunks)
    if (body.length !== sizeBytes) throw new Error(`sizeBytes is ${sizeBytes}, the body has ${body.length}`)
    this.sizes.push(sizeBytes)
    if (this.answers.length > 0) return this.answers.shift()
    const { options } = this.service
    const handler = options.operations[operation]!
    return handler({ json: () => JSON.parse(body.toString()) } as never, { violations: [] } as never)
  }
}

export type Rig<Client extends XrayClient = DirectClient> = AwsRig<'traces', Client>

/** Without a queue and retries unless the config says so. */
export const start = (of: object = {}, settings: TestSettings = testSettings()): Promise<Rig> =>
  startOn(() => new DirectClient(), of, settings)

export const parsed = (of: object = {}): AwsXrayConfig =>
  v.parse(config, { sending_queue: { enabled: false }, retry_on_failure: { enabled: false }, ...of })

export async function startOn<Client extends XrayClient>(
  makeClient: (config: AwsXrayConfig) => Client,
  of: object,
  settings: TestSettings,
): Promise<Rig<Client>> {
  const config = parsed(of)
  const client = makeClient(config)
  return rigOf('traces', createAwsXrayExporter(config, settings, client), client, settings)
}

export const spanId = (number: number): string => (number + 1).toString(16).padStart(16, '0')
/** So many spans, numbered in their ids. */
export const spans = (count: number, from = 0, of: TestSpan = {}): Batch<'traces'> =>
  spansOf(Array.from({ length: count }, (_, i) => ({ ...of, spanId: spanId(from + i) })))
