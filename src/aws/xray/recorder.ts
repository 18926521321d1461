// What X-Ray is told about the work of an agent: an exporter `awsxray` tells it, receivers `awsxray` count for it.
// https://docs.aws.amazon.com/xray/latest/api/API_TelemetryRecord.html
import type { Settings } from '../../contract/index.ts'
import { AwsError } from '../api.ts'

export interface TelemetryRecord {
  /** Seconds since the epoch. */
  readonly Timestamp: number
  readonly SegmentsReceivedCount: number
  readonly SegmentsSentCount: number
  readonly SegmentsSpilloverCount: number
  readonly SegmentsRejectedCount: number
  readonly BackendConnectionErrors: Readonly<Record<ConnectionError, number>>
}

export type ConnectionError =
  | 'TimeoutCount'
  | 'ConnectionRefusedCount'
  | 'HTTPCode4XXCount'
  | 'HTTPCode5XXCount'
  | 'UnknownHostCount'
  | 'OtherCount'

/** Counts until it is asked. */
export class TelemetryRecorder {
  #received = 0
  #rejected = 0
  #sent = 0
  #spilled = 0
  #errors = noErrors()
  #isUsed = false

  /** Segments and subsegments that came in. */
  received(segments: number): void {
    this.#received += segments
    this.#isUsed = true
  }
  /** Of those, the ones that are none. */
  rejected(segments: number): void {
    this.#rejected += segments
    this.#isUsed = true
  }
  sent(documents: number): void {
    this.#sent += documents
    this.#isUsed = true
  }
  /** Given up for want of room. */
  spilled(segments: number): void {
    this.#spilled += segments
    this.#isUsed = true
  }
  failed(error: unknown): void {
    this.#errors[kindOf(error)]++
    this.#isUsed = true
  }

  /** undefined when nothing has happened since the last time. */
  take(nowMs: number): TelemetryRecord | undefined {
    if (!this.#isUsed) return undefined
    const record = {
      Timestamp: Math.floor(nowMs / 1000),
      SegmentsReceivedCount: this.#received,
      SegmentsSentCount: this.#sent,
      SegmentsSpilloverCount: this.#spilled,
      SegmentsRejectedCount: this.#rejected,
      BackendConnectionErrors: this.#errors,
    }
    this.#received = this.#rejected = this.#sent = this.#spilled = 0
    this.#errors = noErrors()
    this.#isUsed = false
    return record
  }
}

const noErrors = (): Record<ConnectionError, number> => ({
  TimeoutCount: 0,
  ConnectionRefusedCount: 0,
  HTTPCode4XXCount: 0,
  HTTPCode5XXCount: 0,
  UnknownHostCount: 0,
  OtherCount: 0,
})

function kindOf(error: unknown): ConnectionError {
  if (!(error instanceof AwsError)) return 'OtherCount'
  const { status, code, message } = error
  if (status >= 500) return 'HTTPCode5XXCount'
  if (status >= 400) return 'HTTPCode4XXCount'
  if (code === 'RequestTimeout' || /ETIMEDOUT|timed out/i.test(message)) return 'TimeoutCount'
  if (/ECONNREFUSED/.test(message)) return 'ConnectionRefusedCount'
  return /ENOTFOUND|EAI_AGAIN/.test(message) ? 'UnknownHostCount' : 'OtherCount'
}

/** By agent, then by the id of a component. What an agent has once stands for the agent: its account of memory. */
const recorders = new WeakMap<Settings['memory'], Map<string, TelemetryRecorder>>()

/** The components with these ids count for this recorder; one that counts for another one already keeps to it. */
export function shareRecorder(
  { memory }: Pick<Settings, 'memory'>,
  ids: readonly string[],
  recorder: TelemetryRecorder,
): void {
  const ofAgent = recorders.get(memory) ?? new Map<string, TelemetryRecorder>()
  recorders.set(memory, ofAgent)
  for (const id of ids) if (!ofAgent.has(id)) ofAgent.set(id, recorder)
}

/** For which recorder this component counts, if for any. Exporters share theirs when they are created, before receivers start. */
export const recorderOf = ({ memory, id }: Pick<Settings, 'memory' | 'id'>): TelemetryRecorder | undefined =>
  recorders.get(memory)?.get(id)
