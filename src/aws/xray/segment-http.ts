// http = { request: { method, url, user_agent, client_ip, x_forwarded_for }, response: { status, content_length } }
import { isIP } from 'node:net'
import { keyOf } from '../../data/index.ts'
import { type Member, nestedJsonLiteral, nestedMember, nestedWords } from '../../wire/json.ts'
import { ByteWriter } from '../../wire/writer.ts'
import { type Draft, ELSEWHERE, SERVER } from './segment-draft.ts'
import * as at from './segment-keys.ts'
import { blockOf, writeRest } from './segment-rest.ts'

const BEGIN = nestedMember('"http":{"request":{')
const MIDDLE = nestedWords('},"response":{')
const END = nestedJsonLiteral('}}')
const HTTP = nestedMember('"http":')
const REQUEST = nestedMember('"request":')
const RESPONSE = nestedMember('"response":')
const METHOD = nestedMember('"method":')
const URL = nestedMember('"url":')
const USER_AGENT = nestedMember('"user_agent":')
const CLIENT_IP = nestedMember('"client_ip":')
const FORWARDED_FOR = nestedMember('"x_forwarded_for":')
const STATUS = nestedMember('"status":')
const CONTENT_LENGTH = nestedMember('"content_length":')

/** The block, if the span is about HTTP. What does not find its way into it stays metadata. */
export function writeHttp(draft: Draft): void {
  if (draft.isReturned) return writeReturned(draft)
  if ((draft.groups & at.HTTP) === 0) return
  const { json } = draft
  json.member(BEGIN)
  draft.either(METHOD, at.HTTP_METHOD, at.HTTP_REQUEST_METHOD)
  writeUrl(draft)
  draft.either(USER_AGENT, at.HTTP_USER_AGENT, at.USER_AGENT)
  writeClient(draft)
  json.words(MIDDLE)
  writeStatus(draft)
  writeContentLength(draft)
  json.raw(END)
}

/** What the document had, and nothing that could be derived. */
function writeReturned(draft: Draft): void {
  const { json, attributes } = draft
  const rest = blockOf(draft.rest, 'http')
  const hasAny = returned.some((number) => attributes.at(number) >= 0)
  if (!hasAny && rest === undefined) return
  const from = json.out.length
  json.member(HTTP)
  json.beginObject()
  const begun = json.out.length
  writePart(draft, REQUEST, 'request', () => {
    draft.text(METHOD, draft.first(at.HTTP_METHOD, at.HTTP_REQUEST_METHOD))
    draft.text(URL, draft.first(at.HTTP_URL, at.URL_FULL))
    draft.text(USER_AGENT, draft.first(at.HTTP_USER_AGENT, at.USER_AGENT))
    draft.text(CLIENT_IP, draft.first(at.HTTP_CLIENT_IP, at.CLIENT_ADDRESS))
    draft.flag(FORWARDED_FOR, at.FORWARDED_FOR)
  })
  writePart(draft, RESPONSE, 'response', () => {
    writeStatus(draft)
    writeContentLength(draft)
  })
  writeRest(json, rest, ['request', 'response'])
  if (rest === undefined && json.out.length === begun) json.out.length = from
  else json.endObject()
}

const returned = [
  at.HTTP_METHOD,
  at.HTTP_REQUEST_METHOD,
  at.HTTP_URL,
  at.URL_FULL,
  at.HTTP_USER_AGENT,
  at.USER_AGENT,
  at.HTTP_CLIENT_IP,
  at.CLIENT_ADDRESS,
  at.FORWARDED_FOR,
  at.HTTP_STATUS,
  at.HTTP_RESPONSE_STATUS,
  at.HTTP_CONTENT_LENGTH,
  at.HTTP_BODY_SIZE,
]

/** Nothing when there is nothing to say. */
function writePart(draft: Draft, key: Member, name: string, write: () => void): void {
  const { json } = draft
  const rest = blockOf(blockOf(draft.rest, 'http'), name)
  const from = json.out.length
  json.member(key)
  json.beginObject()
  const begun = json.out.length
  write()
  writeRest(json, rest)
  if (rest === undefined && json.out.length === begun) json.out.length = from
  else json.endObject()
}

function writeStatus(draft: Draft): void {
  if (draft.status === undefined) return
  const older = draft.attributes.at(at.HTTP_STATUS)
  const newer = draft.attributes.at(at.HTTP_RESPONSE_STATUS)
  draft.put(older >= 0 ? older : newer)
  if (older >= 0 && newer >= 0 && draft.attributes.isSame(older, newer)) draft.put(newer)
  draft.json.member(STATUS)
  draft.json.number(draft.status)
}

function writeContentLength(draft: Draft): void {
  const { attributes, json } = draft
  const index = draft.first(at.HTTP_CONTENT_LENGTH, at.HTTP_BODY_SIZE)
  const type = attributes.typeOf(index)
  if (type === 'int' || (type === 'string' && draft.isReturned)) {
    draft.put(index)
    json.member(CONTENT_LENGTH)
    attributes.writeValue(index, json)
    return
  }
  const size = draft.wholeNumber(index) ?? receivedSize(draft)
  if (size === undefined) return
  draft.put(index)
  json.member(CONTENT_LENGTH)
  json.number(size)
}

/** As instrumentations of gRPC tell it, of the span or in an event. */
function receivedSize(draft: Draft): number | undefined {
  const { attributes, span, isReturned } = draft
  if (isReturned) return undefined
  if (attributes.equals(attributes.at(at.MESSAGE_TYPE), RECEIVED))
    return draft.wholeNumber(attributes.at(at.MESSAGE_SIZE)) || undefined
  if (!span.hasEvents) return undefined
  let size: number | undefined
  span.eachEvent((event) => {
    if (size === undefined && event.attributes.equals(TYPE_KEY, 'RECEIVED'))
      size = event.attributes.getNumber(SIZE_KEY) || undefined
  })
  return Number.isSafeInteger(size) ? size : undefined
}
const RECEIVED = Buffer.from('RECEIVED')
const TYPE_KEY = keyOf('message.type')
const SIZE_KEY = keyOf('messaging.message_payload_size_bytes')

// ---- client_ip

/** One that a proxy has told goes before the one at the other end of the connection. */
function writeClient(draft: Draft): void {
  const told = draft.isThere(draft.attributes.at(at.HTTP_CLIENT_IP))
    ? draft.attributes.at(at.HTTP_CLIENT_IP)
    : ipAt(draft, at.CLIENT_ADDRESS)
  const connected = draft.isThere(draft.attributes.at(at.NET_PEER_IP))
    ? draft.attributes.at(at.NET_PEER_IP)
    : ipAt(draft, at.NETWORK_PEER_ADDRESS)
  draft.text(CLIENT_IP, told >= 0 ? told : connected)
  if (told < 0 || connected >= 0) return
  draft.json.member(FORWARDED_FOR)
  draft.json.boolean(true)
}

/** The index of the attribute when it is an address of IP: it may be a name, or the path of a socket. */
function ipAt({ attributes }: Draft, number: number): number {
  const index = attributes.at(number)
  if (index < 0 || !attributes.isText(index) || attributes.end - attributes.start > 45) return -1
  if (isIpv4(attributes.bytes, attributes.start, attributes.end)) return index
  return isIP(attributes.string(index)!) === 0 ? -1 : index
}

/** Four numbers with dots between; `isIP` costs ten times as much. */
function isIpv4(bytes: Buffer, start: number, end: number): boolean {
  let numbers = 0
  let value = -1
  for (let i = start; i <= end; i++) {
    const digit = i === end ? -1 : bytes[i]! - 0x30
    if (digit >= 0 && digit <= 9) {
      // no zeros in front
      if (value === 0) return false
      value = value < 0 ? digit : value * 10 + digit
      continue
    }
    if (value < 0 || value > 255 || (i < end && bytes[i] !== 0x2e)) return false
    numbers++
    value = -1
  }
  return numbers === 4
}

// ---- url

/** As it stands, or put together from its parts (OpenTelemetry semantic conventions, HTTP spans). */
function writeUrl(draft: Draft): void {
  const whole = draft.firstText(urls)
  if (whole >= 0) return writeWholeUrl(draft, whole)
  const host = hostOf(draft)
  if (host < 0) return
  url.clear()
  const scheme = draft.firstText(schemes)
  if (scheme < 0) url.utf8('http')
  else append(draft, scheme)
  const isTls = isHttps()
  url.utf8('://')
  appendHost(draft, host)
  if (draft.attributes.numberOf(host) !== at.HTTP_HOST) appendPort(draft, isTls)
  appendTarget(draft)
  draft.bytes(URL, url.bytes, 0, url.length)
}

const url = new ByteWriter(1024)
const urls = [at.HTTP_URL, at.URL_FULL]
const schemes = [at.HTTP_SCHEME, at.URL_SCHEME]
const serverHosts = [at.HTTP_HOST, at.HTTP_SERVER_NAME, at.NET_HOST_NAME, at.HOST_NAME, at.SERVER_ADDRESS]
const clientHosts = [at.HTTP_HOST, at.NET_PEER_NAME, at.NET_PEER_IP, at.SERVER_ADDRESS]

const isHttps = (): boolean => url.length === 5 && url.bytes[4] === 0x73

/** What is part of it has found its place too. */
function writeWholeUrl(draft: Draft, whole: number): void {
  const { attributes } = draft
  draft.either(URL, at.HTTP_URL, at.URL_FULL)
  if ((draft.groups & at.URL_PART) === 0) return
  attributes.isText(whole)
  const { bytes, start, end } = attributes
  for (let i = 0; i < parts.length; i++) {
    const index = attributes.at(parts[i]!)
    if (index >= 0 && attributes.isText(index) && standsIn(bytes, start, end, attributes)) draft.put(index)
  }
  takePort(draft, whole, at.SERVER_ADDRESS, at.SERVER_PORT)
  takePort(draft, whole, at.NET_PEER_NAME, at.NET_PEER_PORT)
}

/** If the URL has it, or its scheme means it, and the host is not another one. */
function takePort(draft: Draft, whole: number, hostNumber: number, number: number): void {
  const port = draft.wholeNumber(draft.attributes.at(number))
  const host = draft.attributes.at(hostNumber)
  if (port === undefined || (host >= 0 && draft.places[host] !== ELSEWHERE)) return
  const text = draft.attributes.string(whole)!
  const isMeant = port === (text.startsWith('https:') ? 443 : text.startsWith('http:') ? 80 : -1)
  if (isMeant || text.includes(`:${port}`)) draft.take(number)
}

const parts = [
  at.HTTP_SCHEME,
  at.URL_SCHEME,
  at.HTTP_HOST,
  at.HTTP_TARGET,
  at.HTTP_SERVER_NAME,
  at.NET_HOST_NAME,
  at.NET_PEER_NAME,
  at.SERVER_ADDRESS,
  at.URL_PATH,
  at.URL_QUERY,
]

/** Whether the text that `part` has found is somewhere in these bytes. */
function standsIn(bytes: Buffer, start: number, end: number, part: Draft['attributes']): boolean {
  const size = part.end - part.start
  const first = part.bytes[part.start]!
  for (let from = start; from + size <= end; from++) {
    if (size > 0 && bytes[from] !== first) continue
    let i = 1
    while (i < size && bytes[from + i] === part.bytes[part.start + i]) i++
    if (i >= size) return true
  }
  return false
}

/** The attribute that names the host, which a server knows by other names than its client; -1 for none. */
const hostOf = (draft: Draft): number =>
  draft.kind === SERVER ? draft.firstText(serverHosts) : draft.firstText(clientHosts)

function append(draft: Draft, index: number): void {
  const { attributes } = draft
  if (!attributes.isText(index)) return
  url.raw(attributes.bytes, attributes.start, attributes.end)
  draft.put(index)
}

/** An address of IPv6 stands in brackets (RFC 3986, 3.2.2). */
function appendHost(draft: Draft, host: number): void {
  const isIpv6 = isIP(draft.attributes.string(host)!) === 6
  if (isIpv6) url.byte(0x5b)
  append(draft, host)
  if (isIpv6) url.byte(0x5d)
}

function appendPort(draft: Draft, isTls: boolean): void {
  const index = draft.first(draft.kind === SERVER ? at.NET_HOST_PORT : at.NET_PEER_PORT, at.SERVER_PORT)
  const port = draft.wholeNumber(index)
  if (port === undefined) return
  draft.put(index)
  if (port === (isTls ? 443 : 80)) return
  url.byte(0x3a)
  url.utf8(String(port))
}

function appendTarget(draft: Draft): void {
  const target = draft.attributes.at(at.HTTP_TARGET)
  if (draft.isThere(target)) return append(draft, target)
  const path = draft.attributes.at(at.URL_PATH)
  if (draft.isThere(path)) append(draft, path)
  else url.byte(0x2f)
  const query = draft.attributes.at(at.URL_QUERY)
  if (!draft.isThere(query)) return
  if (draft.attributes.bytes[draft.attributes.start] !== 0x3f) url.byte(0x3f)
  append(draft, query)
}
