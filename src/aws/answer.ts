// What a service says: the parsed answer of a success, the AwsError of everything else.
import type { HttpReply } from '../net/http-reply.ts'
import { parseRetryAfter } from '../net/status.ts'
import { AwsError, type AwsProtocol } from './api.ts'
import { refusalOf } from './refusal.ts'
import { parseXml, type XmlElement, xmlAt } from './xml.ts'

/** Of a 2xx. An empty body is an empty object; one that cannot be read rejects as transient: nobody knows what it said. */
export function parseAnswer({ body, status }: HttpReply, protocol: AwsProtocol): unknown {
  if (body.length === 0) return {}
  const text = body.toString('utf8')
  const parsed = isXml(protocol) ? parseXml(text) : parseJson(text)
  if (parsed !== undefined) return parsed
  throw new AwsError(
    'transient',
    'UnreadableAnswer',
    `answers ${status} with what is no ${isXml(protocol) ? 'XML' : 'JSON'}`,
    {
      status,
    },
  )
}

const isXml = ({ type }: AwsProtocol): boolean => type === 'query' || type === 'rest-xml'

/** What of an answer says why it is a refusal. */
type Refusing = Omit<HttpReply, 'headers'> & {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
}

/** Of any other status. `where` is the host, for people. */
export function errorOfAnswer(reply: Refusing, where: string, nowMs: number): AwsError {
  const { status, headers, retryAfter } = reply
  const { code, message } = saidBy(reply)
  const name = code ?? `HTTP${status}`
  const region = headers['x-amz-bucket-region']
  const hint = status >= 300 && status <= 399 && region !== undefined ? ` (it is in region ${String(region)})` : ''
  const said = code === undefined ? withoutCode(status) : ` ${code}`
  const text = `${where} answers ${status}${said}${message === '' ? '' : `: ${message}`}${hint}`
  return new AwsError(refusalOf(name, status, message), name, text, {
    status,
    waitMs: parseRetryAfter(retryAfter, nowMs),
  })
}

/** What AWS refuses has a name; what has none was refused by something on the way, or is no AWS at all. */
const withoutCode = (status: number): string =>
  status >= 400 && status <= 499 ? ' without the name of an AWS error: is the endpoint right?' : ''

interface Said {
  readonly code: string | undefined
  readonly message: string
}

/** Headers say it first: a proxy, or a body that broke off, does not change them. */
function saidBy({ headers, body, contentType }: Refusing): Said {
  const text = body.toString('utf8', 0, MAX_BODY_BYTES)
  const said =
    text.trimStart().startsWith('<') && contentType !== 'text/html'
      ? fromXml(parseXml(text))
      : fromJson(parseJson(text))
  const query = headers['x-amzn-query-error']
  const type = headers['x-amzn-errortype']
  const code = (typeof query === 'string' && query.split(';')[0]) || (typeof type === 'string' && type) || said.code
  return { code: code ? shortName(code) : undefined, message: printable(said.message) }
}

/** `com.amazonaws.logs#ThrottlingException:http://…` is ThrottlingException. */
const shortName = (code: string): string | undefined => /([A-Za-z0-9_.-]+)$/.exec(code.split(':')[0]!)?.[1]

/** In the API's protocol and in those of its older gateways. */
function fromJson(body: unknown): Said {
  const member = (value: unknown, ...keys: readonly string[]): string | undefined => {
    if (typeof value !== 'object' || value === null) return undefined
    const members = new Map<string, unknown>(Object.entries(value))
    const found = keys.map((key) => members.get(key)).find((each) => typeof each === 'string')
    return typeof found === 'string' ? found : undefined
  }
  return {
    code: member(body, '__type', 'code', 'Code'),
    message: member(body, 'message', 'Message', 'errorMessage') ?? '',
  }
}

/** `ErrorResponse` of query APIs, `Error` of S3, `Response` of EC2. */
function fromXml(root: XmlElement | undefined): Said {
  const error =
    xmlAt(root, 'ErrorResponse', 'Error') ?? xmlAt(root, 'Error') ?? xmlAt(root, 'Response', 'Errors', 'Error')
  const code = xmlAt(error, 'Code')
  const message = xmlAt(error, 'Message')
  return { code: typeof code === 'string' ? code : undefined, message: typeof message === 'string' ? message : '' }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const MAX_BODY_BYTES = 16 * 1024
const MAX_MESSAGE_LENGTH = 300

/** One line for a log. */
const printable = (text: string): string =>
  text
    .slice(0, MAX_MESSAGE_LENGTH)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
    .replace(/[\x00-\x1f\x7f-\x9f]+/g, ' ')
    .trim()
