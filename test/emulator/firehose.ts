// Firehose's PutRecordBatch with all its limits; what is refused is up to the test.
import type { Test } from 'tap'
import { AwsEmulator, EmulatedError, type EmulatedRequest, type EmulatorOptions } from './server.ts'

/** https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html */
const MAX_RECORDS = 500
const MAX_RECORD_BYTES = 1_024_000
const MAX_CALL_BYTES = 4 * 1024 * 1024

export class FirehoseEmulator {
  readonly aws: AwsEmulator
  /** What was taken, in the order of its coming. */
  readonly records: Buffer[] = []
  calls = 0
  /** The error code of a record that is not taken; undefined takes it. */
  refuse: (index: number, data: Buffer, call: number) => string | undefined = () => undefined
  readonly #streams: ReadonlySet<string>

  private constructor(make: (self: FirehoseEmulator) => AwsEmulator, streams: readonly string[]) {
    this.#streams = new Set(streams)
    this.aws = make(this)
  }

  static async start(t: Test, of: Partial<EmulatorOptions> = {}): Promise<FirehoseEmulator> {
    const make = (self: FirehoseEmulator): AwsEmulator =>
      new AwsEmulator({
        service: 'firehose',
        operations: { PutRecordBatch: (request, emulator) => self.#put(request, emulator) },
        ...of,
      })
    const firehose = new FirehoseEmulator(make, ['logs'])
    await firehose.aws.listen()
    t.teardown(async () => {
      await firehose.aws.stop()
      if (firehose.aws.violations.length > 0) throw new Error(`limits of AWS: ${firehose.aws.violations.join('; ')}`)
    })
    return firehose
  }

  get text(): string {
    return Buffer.concat(this.records).toString()
  }

  #put(request: EmulatedRequest, { violations }: AwsEmulator): object {
    const { DeliveryStreamName, Records, ...others } = request.json() as {
      DeliveryStreamName: string
      Records: readonly { readonly Data: string }[]
    }
    if (Object.keys(others).length > 0) violations.push(`unknown members: ${Object.keys(others)}`)
    if (!this.#streams.has(DeliveryStreamName))
      throw new EmulatedError('ResourceNotFoundException', `Firehose ${DeliveryStreamName} not found`)
    if (request.raw.length > MAX_CALL_BYTES) violations.push(`a call of ${request.raw.length} bytes`)
    if (Records.length < 1 || Records.length > MAX_RECORDS) violations.push(`${Records.length} records`)
    const call = ++this.calls
    let failed = 0
    const responses = Records.map(({ Data, ...more }, index) => {
      if (Object.keys(more).length > 0 || Buffer.from(Data, 'base64').toString('base64') !== Data)
        violations.push(`record ${index} is not just base64`)
      const data = Buffer.from(Data, 'base64')
      if (data.length < 1 || data.length > MAX_RECORD_BYTES) violations.push(`a record of ${data.length} bytes`)
      const code = this.refuse(index, data, call)
      if (code !== undefined) {
        failed++
        return { ErrorCode: code, ErrorMessage: 'Slow down.' }
      }
      this.records.push(data)
      return { RecordId: `${call}-${index}` }
    })
    return { Encrypted: false, FailedPutCount: failed, RequestResponses: responses }
  }
}
