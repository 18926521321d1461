// What tests of log events share: a stand-in for AWS that remembers, and readers of what it was sent.
import { type AwsCall, AwsError } from '../../../src/aws/api.ts'
import {
  LogEvents,
  type LogsCaller,
  type LogsClient,
  LogsSink,
  type LogsSinkOptions,
} from '../../../src/aws/logs/index.ts'
import { type TestSettings, testSettings } from '../../../src/testing/index.ts'

export interface PutBody {
  readonly logGroupName: string
  readonly logStreamName: string
  readonly logEvents: readonly { readonly timestamp: number; readonly message: string }[]
}

/** Answers with what `answer` says; keeps every call. */
export class FakeLogs implements LogsCaller {
  readonly calls: { readonly operation: string; readonly body: Record<string, unknown> }[] = []
  answer: (operation: string, body: Record<string, unknown>) => unknown = () => ({})

  async call({ operation, chunks, sizeBytes }: AwsCall): Promise<unknown> {
    const bytes = Buffer.concat(chunks)
    if (bytes.length !== sizeBytes) throw new Error(`sizeBytes says ${sizeBytes}, there are ${bytes.length}`)
    const body: Record<string, unknown> = JSON.parse(bytes.toString())
    this.calls.push({ operation, body })
    return this.answer(operation, body)
  }

  get operations(): string[] {
    return this.calls.map(({ operation }) => operation)
  }
  get puts(): PutBody[] {
    return this.calls.filter(({ operation }) => operation === 'PutLogEvents').map(({ body }) => body as never)
  }
}

/** The same, as an exporter's client. */
export class FakeLogsClient extends FakeLogs implements LogsClient {
  isStarted = false
  isClosed = false
  async start(): Promise<void> {
    this.isStarted = true
  }
  close(): void {
    this.isClosed = true
  }

  /** What has arrived: group, stream, time and message of each event. */
  get events(): { group: string; stream: string; timestamp: number; message: string }[] {
    return this.puts.flatMap(({ logGroupName: group, logStreamName: stream, logEvents }) =>
      logEvents.map(({ timestamp, message }) => ({ group, stream, timestamp, message })),
    )
  }
}

export const refuse = (refusal: AwsError['refusal'], code: string, waitMs?: number): never => {
  throw new AwsError(refusal, code, `refused: ${code}`, { status: 400, waitMs })
}

export interface Rig {
  readonly settings: TestSettings
  readonly logs: FakeLogs
  readonly sink: LogsSink
  readonly events: LogEvents
  readonly truncated: number[]
  readonly cleaned: string[]
  readonly dropped: [items: number, reason: string][]
  readonly drop: (items: number, reason: string) => void
}

export function rig(options: Partial<LogsSinkOptions> = {}): Rig {
  const settings = testSettings()
  const logs = new FakeLogs()
  const { clock, log } = settings
  const truncated: number[] = []
  const cleaned: string[] = []
  const dropped: [number, string][] = []
  const sink = new LogsSink(logs, {
    clock,
    log,
    concurrency: 4,
    retentionDays: 0,
    tags: {},
    kmsKeyId: '',
    logGroupClass: '',
    ...options,
  })
  const events = new LogEvents({
    clock,
    onTruncated: (bytes) => truncated.push(bytes),
    onCleaned: (name) => cleaned.push(name),
  })
  return {
    settings,
    logs,
    sink,
    events,
    truncated,
    cleaned,
    dropped,
    drop: (items, reason) => dropped.push([items, reason]),
  }
}
