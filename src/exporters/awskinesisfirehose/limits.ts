// https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html

export const MAX_RECORDS = 500
/** 1,000 KiB, before base64. */
export const MAX_RECORD_BYTES = 1_024_000
/** Of the whole call. The page does not say whether base64 counts: so it does. */
export const MAX_CALL_BYTES = 4 * 1024 * 1024
