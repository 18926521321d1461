// What a bulk request's answer says about each document.
//
//   {"errors":true,"items":[{"create":{"status":201}},{"create":{"status":400,"error":{"type":"…","reason":"…"}}},…]}

/** How one document ended. */
export type Fate =
  | { readonly kind: 'taken' }
  | { readonly kind: 'again'; readonly status: number; readonly reason: string }
  | Refusal

/** It will always be refused. `type` is the server's name of the error. */
export interface Refusal {
  readonly kind: 'refused'
  readonly status: number
  readonly type: string
  readonly reason: string
}

const TAKEN: Fate = { kind: 'taken' }

/** Which answers are worth another try; see `retryableStatus`. */
export type IsRetryable = (status: number, type: string) => boolean

/**
 * By position. Undefined when everything was taken; a text when the answer cannot be understood: then nobody knows what became
 * of the documents.
 */
export function readBulkAnswer(
  body: Buffer,
  documents: number,
  isRetryable: IsRetryable,
): readonly Fate[] | undefined | string {
  // Nearly always, and then nothing is worth parsing: 5,000 documents are 130 kB.
  if (body.subarray(0, HEAD_BYTES).includes(NO_ERRORS)) return undefined
  let answer: unknown
  try {
    answer = JSON.parse(body.toString('utf8'))
  } catch {
    return 'the answer is no JSON'
  }
  if (!isObject(answer) || typeof answer.errors !== 'boolean') return 'the answer is none to a bulk request'
  if (!answer.errors) return undefined
  const { items } = answer
  if (!Array.isArray(items)) return 'the answer has no items'
  if (items.length !== documents) return `the answer has ${items.length} items for ${documents} documents`
  return items.map((item: unknown) => fateOf(item, isRetryable))
}

const NO_ERRORS = Buffer.from('"errors":false')
/** `took` and `ingest_took` may stand before it. */
const HEAD_BYTES = 128

function fateOf(item: unknown, isRetryable: IsRetryable): Fate {
  const result = isObject(item) ? Object.values(item)[0] : undefined
  if (!isObject(result) || typeof result.status !== 'number') return UNREADABLE
  const { status, error } = result
  if (status >= 200 && status <= 299) return TAKEN
  const type = isObject(error) && typeof error.type === 'string' ? error.type : ''
  const reason = printable(reasonOf(error))
  return isRetryable(status, type) ? { kind: 'again', status, reason } : { kind: 'refused', status, type, reason }
}

const UNREADABLE: Refusal = {
  kind: 'refused',
  status: 0,
  type: 'unreadable',
  reason: 'the item of the answer is no result',
}

/** What an answer with another status than 2xx says: `{"error":{"type":"…","reason":"…"}}`, or whatever text it is. */
export function refusalOf(status: number, body: Buffer): Refusal {
  const text = body.toString('utf8', 0, MAX_ERROR_BYTES)
  let error: unknown
  try {
    const answer: unknown = JSON.parse(text)
    error = isObject(answer) ? (answer.error ?? answer.message ?? answer.Message) : undefined
  } catch {
    error = text
  }
  const type = isObject(error) && typeof error.type === 'string' ? error.type : ''
  return { kind: 'refused', status, type, reason: printable(reasonOf(error)) }
}
const MAX_ERROR_BYTES = 65_536

/** The cause, which names the field, stands inside; filtered answers do not have it. */
function reasonOf(error: unknown): string {
  if (typeof error === 'string') return error
  if (!isObject(error)) return ''
  const reason = typeof error.reason === 'string' ? error.reason : ''
  const cause = isObject(error.caused_by) && typeof error.caused_by.reason === 'string' ? error.caused_by.reason : ''
  return cause === '' ? reason : `${reason}: ${cause}`
}

/**
 * A full write queue (429) and what ails a node or shard (5xx). An index that was locked because a disk is full answers 403
 * before version 7.11 and 429 after, and is unlocked when there is room.
 */
export const retryableStatus: IsRetryable = (status, type) =>
  status === 429 || (status >= 500 && status !== 501 && status !== 505) || type === 'cluster_block_exception'

export const RETRYABLE = { request: retryableStatus, document: retryableStatus } as const

/** A label for the counter of losses: few values, whatever a server says. */
export function lossReasonOf(status: number, type: string): string {
  const known = KNOWN.get(type)
  if (known !== undefined) return known
  if (status === 409) return 'version_conflict'
  if (status === 401 || status === 403) return 'forbidden'
  return status >= 400 && status <= 599 ? `rejected_${status}` : 'rejected'
}

const KNOWN: ReadonlyMap<string, string> = new Map([
  ['mapper_parsing_exception', 'mapping_error'],
  ['document_parsing_exception', 'mapping_error'],
  ['strict_dynamic_mapping_exception', 'mapping_error'],
  ['illegal_argument_exception', 'invalid_document'],
  ['parse_exception', 'mapping_error'],
  ['index_not_found_exception', 'bad_index'],
  ['invalid_index_name_exception', 'bad_index'],
  ['version_conflict_engine_exception', 'version_conflict'],
  ['security_exception', 'forbidden'],
  ['unreadable', 'bad_response'],
  ['too_large', 'too_large'],
  ['retries_exhausted', 'retries_exhausted'],
])

const MAX_REASON_LENGTH = 500

/** One line, bounded: it goes to a log and to dead letters. */
const printable = (text: string): string =>
  text
    .slice(0, MAX_REASON_LENGTH)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
    .replace(/[\x00-\x1f\x7f-\x9f]+/g, ' ')
    .trim()

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
