// What PutLogEvents takes.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html

/** Of one request: the bytes of its messages in UTF-8, and so many for each event. */
export const MAX_REQUEST_BYTES = 1_048_576
export const EVENT_OVERHEAD_BYTES = 26
export const MAX_REQUEST_EVENTS = 10_000
/** Of one message. */
export const MAX_MESSAGE_BYTES = MAX_REQUEST_BYTES - EVENT_OVERHEAD_BYTES
/** Until April 2025, and where AWS has not changed it. Metrics were not looked for in longer ones either. */
export const FORMER_MAX_MESSAGE_BYTES = 256 * 1024 - EVENT_OVERHEAD_BYTES

/** Between the oldest and the newest event of one request. */
export const MAX_SPAN_MS = 24 * 3_600_000
export const MAX_AGE_MS = 14 * 24 * 3_600_000
export const MAX_AHEAD_MS = 2 * 3_600_000

/** Of the name of a group or a stream, in characters. */
export const MAX_NAME_LENGTH = 512
