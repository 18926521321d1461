// Whether a line is of the embedded metric format, and which group and stream it names.
//
//   version 1: { "_aws": { "LogGroupName", "LogStreamName", "CloudWatchMetrics": […] }, … }
//   version 0: { "log_group_name", "log_stream_name", "CloudWatchMetrics": […], … }

export interface EmfLine {
  readonly hasMetrics: boolean
  /** Undefined when it names none. */
  readonly group: string | undefined
  readonly stream: string | undefined
}

/** Undefined when it is something else. */
export function readEmf(text: string): EmfLine | undefined {
  // Nearly every line is none, and that is seen without parsing it.
  if (!/^\s*\{/.test(text) || !(text.includes('"_aws"') || text.includes('"log_group_name"') || text.includes(METRICS)))
    return undefined
  const line = parse(text)
  if (line === undefined) return undefined
  const aws = line._aws
  const named = isRecord(aws) ? names(aws.LogGroupName, aws.LogStreamName) : undefined
  const { group, stream } = named ?? names(line.log_group_name, line.log_stream_name) ?? NO_NAMES
  const hasMetrics = Array.isArray(isRecord(aws) ? aws.CloudWatchMetrics : line.CloudWatchMetrics)
  return { hasMetrics, group, stream }
}

const METRICS = '"CloudWatchMetrics"'
const NO_NAMES = { group: undefined, stream: undefined }

/** A stream is one of a group: without the group it says nothing, as in the collector. */
function names(group: unknown, stream: unknown): Pick<EmfLine, 'group' | 'stream'> | undefined {
  if (typeof group !== 'string' || group === '') return undefined
  return { group, stream: typeof stream === 'string' && stream !== '' ? stream : undefined }
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
