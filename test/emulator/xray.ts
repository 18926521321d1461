// AWS X-Ray's PutTraceSegments and PutTelemetryRecords, as strict as AWS and a little stricter: what it may refuse is noted.
// https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html
import { EmulatedError, type EmulatorOptions } from './server.ts'

// biome-ignore lint/suspicious/noExplicitAny: documents are looked into as JSON
export type Document = any

export interface Refusal {
  readonly ErrorCode: string
  readonly Message?: string
  /** Another one than the document's, or none. */
  readonly Id?: string | null
}

const MAX_DOCUMENTS = 50
/** "64 kB", in the narrower sense. */
const MAX_DOCUMENT_BYTES = 64_000

export class XrayService {
  /** Documents that were taken, in their order. */
  readonly documents: Document[] = []
  readonly telemetry: Document[] = []
  readonly violations: string[] = []
  /** Of PutTraceSegments. */
  requests = 0
  /** Which documents are not taken, and why. */
  refuse: (document: Document) => Refusal | undefined = () => undefined
  readonly #now: () => number

  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  /** For `AwsEmulator`. */
  get options(): EmulatorOptions {
    const noted = (run: (body: Document) => object): EmulatorOptions['operations'][string] => {
      return (request, emulator) => {
        const before = this.violations.length
        try {
          return run(request.json())
        } finally {
          emulator.violations.push(...this.violations.slice(before))
        }
      }
    }
    return {
      service: 'xray',
      now: this.#now,
      operations: {
        '/TraceSegments': noted((body) => this.putTraceSegments(body)),
        '/TelemetryRecords': noted((body) => this.#putTelemetry(body)),
      },
    }
  }

  /** As the API: what is not taken of the request is in the answer. */
  putTraceSegments(body: Document): object {
    this.requests++
    const texts = body?.TraceSegmentDocuments
    if (!Array.isArray(texts) || Object.keys(body).length !== 1 || texts.length === 0)
      throw this.#invalid('a request has TraceSegmentDocuments, a list, and nothing else')
    if (texts.length > MAX_DOCUMENTS) throw this.#invalid(`${texts.length} documents, at most ${MAX_DOCUMENTS}`)
    const unprocessed: Refusal[] = []
    for (const text of texts) {
      const document = this.#documentOf(text)
      const refusal = this.refuse(document)
      if (refusal === undefined) this.documents.push(document)
      else {
        const { Id = document.id, ...rest } = refusal
        unprocessed.push(Id === null ? rest : { Id, ...rest })
      }
    }
    return { UnprocessedTraceSegments: unprocessed }
  }

  #putTelemetry(body: Document): object {
    const records = body?.TelemetryRecords
    if (!Array.isArray(records) || records.length === 0 || records.length > 10)
      throw this.#invalid('TelemetryRecords: a list of 1 to 10')
    for (const { Timestamp } of records) if (!Number.isInteger(Timestamp)) throw this.#invalid('Timestamp: seconds')
    this.telemetry.push(body)
    return {}
  }

  #documentOf(text: unknown): Document {
    if (typeof text !== 'string') throw this.#invalid('a document is a text')
    if (Buffer.byteLength(text) > MAX_DOCUMENT_BYTES)
      this.#note(`a document of ${Buffer.byteLength(text)} bytes, at most ${MAX_DOCUMENT_BYTES}`, text)
    let document: Document
    try {
      document = JSON.parse(text)
    } catch (error) {
      throw this.#invalid(`a document is no JSON: ${error}`)
    }
    for (const problem of problemsOf(document)) this.#note(problem, text)
    return document
  }

  #note(problem: string, text: string): void {
    this.violations.push(`${problem}: ${text.slice(0, 300)}`)
  }
  #invalid(problem: string): EmulatedError {
    this.violations.push(problem)
    return new EmulatedError('InvalidRequestException', problem)
  }
}

type Check = (value: unknown) => boolean

const isObject: Check = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)
const isText: Check = (value) => typeof value === 'string'
const isInteger: Check = (value) => Number.isInteger(value)
const isFlag: Check = (value) => typeof value === 'boolean'
const matches =
  (pattern: RegExp): Check =>
  (value) =>
    typeof value === 'string' && pattern.test(value)
const isId = matches(/^[0-9a-f]{16}$/)
const isTraceId = matches(/^1-[0-9a-f]{8}-[0-9a-f]{24}$/)
const isTime: Check = (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0
const isList =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check)
const isEachOf =
  (members: Readonly<Record<string, Check>>): Check =>
  (value) =>
    isObject(value) && Object.entries(value as object).every(([name, member]) => members[name]?.(member) ?? false)

const isAnnotations: Check = (value) => {
  if (!isObject(value)) return false
  const entries = Object.entries(value as object)
  return (
    entries.length <= 50 &&
    entries.every(
      ([key, member]) =>
        /^[A-Za-z0-9_.]{1,500}$/.test(key) &&
        ((typeof member === 'string' && member.length <= 1000) ||
          typeof member === 'number' ||
          typeof member === 'boolean'),
    )
  )
}

const isException = isEachOf({
  id: isId,
  type: isText,
  message: isText,
  remote: isFlag,
  truncated: isInteger,
  skipped: isInteger,
  cause: isId,
  stack: isList(isEachOf({ path: isText, line: isInteger, label: isText })),
})
const isCause: Check = (value) =>
  isId(value) ||
  (isEachOf({
    working_directory: isText,
    paths: isList(isText),
    exceptions: isList((one) => isException(one) && isId((one as Document).id)),
  })(value) as boolean)

const members: Readonly<Record<string, Check>> = {
  id: isId,
  trace_id: isTraceId,
  parent_id: isId,
  name: matches(/^[\p{L}\p{N}\s_.:/%&#=+\-@]{1,200}$/u),
  start_time: isTime,
  end_time: isTime,
  in_progress: isFlag,
  type: (value) => value === 'subsegment',
  namespace: (value) => value === 'aws' || value === 'remote',
  fault: isFlag,
  error: isFlag,
  throttle: isFlag,
  origin: isText,
  user: isText,
  resource_arn: isText,
  traced: isFlag,
  precursor_ids: isList(isId),
  service: isObject,
  http: isEachOf({
    request: isEachOf({ method: isText, url: isText, user_agent: isText, client_ip: isText, x_forwarded_for: isFlag }),
    response: isEachOf({ status: isInteger, content_length: isInteger }),
  }),
  sql: isEachOf({
    url: isText,
    connection_string: isText,
    sanitized_query: isText,
    database_type: isText,
    user: isText,
  }),
  aws: isEachOf({
    operation: isText,
    account_id: isText,
    region: isText,
    request_id: isText,
    queue_url: isText,
    table_name: isText,
    table_names: isList(isText),
    retries: isInteger,
    cloudwatch_logs: isList(isEachOf({ log_group: isText, arn: isText })),
    ec2: isObject,
    ecs: isObject,
    eks: isObject,
    elastic_beanstalk: isObject,
    xray: isObject,
  }),
  cause: isCause,
  annotations: isAnnotations,
  metadata: (value) => isObject(value) && Object.values(value as object).every(isObject),
  links: isList(isEachOf({ trace_id: isTraceId, id: isId, attributes: isObject })),
  // each is looked into on its own
  subsegments: (value) => Array.isArray(value) && value.length > 0,
}

/** What is wrong with a document that comes from a span. */
export function problemsOf(document: Document): string[] {
  if (!isObject(document)) return ['a document is an object']
  const problems = problemsOfSegment(document)
  if (!('trace_id' in document)) problems.push('no trace_id')
  return problems
}

function problemsOfSegment(document: Document): string[] {
  if (!isObject(document)) return ['a segment is an object']
  const problems = Object.entries(document).flatMap(([name, value]) =>
    members[name]?.(value) === true ? [] : [`${name} is ${JSON.stringify(value)?.slice(0, 200)}`],
  )
  for (const name of ['id', 'name', 'start_time']) if (!(name in document)) problems.push(`no ${name}`)
  if (document.type === 'subsegment' && !('parent_id' in document)) problems.push('a subsegment without parent_id')
  if ((document.in_progress === true) === 'end_time' in document) problems.push('either end_time or in_progress')
  if (document.end_time < document.start_time) problems.push('it ends before it starts')
  for (const inner of Array.isArray(document.subsegments) ? document.subsegments : []) {
    problems.push(...problemsOfSegment(inner))
    for (const name of ['trace_id', 'parent_id', 'type']) if (name in inner) problems.push(`needless ${name} inside`)
  }
  return problems
}
