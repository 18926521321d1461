// aws = { operation, account_id, region, request_id, queue_url, table_name | table_names, retries, and blocks of the resource }
import { nestedMember } from '../../wire/json.ts'
import type { ResourceBlocks } from './segment-blocks.ts'
import { type Draft, textsOf } from './segment-draft.ts'
import * as at from './segment-keys.ts'
import { UNLIMITED } from './segment-limits.ts'
import { blockOf, writeRest } from './segment-rest.ts'

const BEGIN = nestedMember('"aws":{')
const AWS = nestedMember('"aws":')
const OPERATION = nestedMember('"operation":')
const ACCOUNT_ID = nestedMember('"account_id":')
const REGION = nestedMember('"region":')
const REQUEST_ID = nestedMember('"request_id":')
const QUEUE_URL = nestedMember('"queue_url":')
const TABLE_NAME = nestedMember('"table_name":')
const TABLE_NAMES = nestedMember('"table_names":')
const RETRIES = nestedMember('"retries":')

/** Where the service runs is always there, unless it runs in another cloud. */
export function writeAws(draft: Draft, blocks: ResourceBlocks): void {
  if (draft.isReturned) return writeReturned(draft, blocks)
  const { json, part, role } = draft
  if (!part.isAws) return
  if (role === 'whole' && draft.limits === UNLIMITED && (draft.groups & at.CALL) === 0) return json.json(part.aws)
  json.member(BEGIN)
  const from = json.out.length
  if ((draft.groups & at.CALL) !== 0) writeCall(draft)
  else if (part.account !== undefined && part.account.length <= draft.limits.blockBytes) json.json(part.account)
  // The segment of a service says nothing of what it calls.
  if (role === 'service') json.out.length = from
  if (part.blocks.length <= draft.limits.blockBytes) json.json(part.blocks)
  json.endObject()
}

function writeCall(draft: Draft): void {
  const { attributes, json, part } = draft
  const operation = attributes.at(at.AWS_OPERATION)
  draft.text(OPERATION, operation >= 0 ? operation : attributes.at(at.RPC_METHOD))
  if (!draft.text(ACCOUNT_ID, attributes.at(at.AWS_ACCOUNT_ID)) && part.account !== undefined)
    if (part.account.length <= draft.limits.blockBytes) json.json(part.account)
  draft.text(REGION, attributes.at(at.AWS_REGION))
  draft.either(REQUEST_ID, at.AWS_REQUEST_ID, at.AWS_REQUEST_ID_JAVA)
  writeQueue(draft)
  writeTables(draft)
  draft.integer(RETRIES, at.RETRIES)
}

const queueUrls = [at.AWS_QUEUE_URL, at.AWS_QUEUE_URL_JAVA, at.AWS_SQS_QUEUE_URL]

/** The name of the conventions stays metadata too, as in the collector. */
function writeQueue(draft: Draft): void {
  const url = draft.attributes.at(at.MESSAGING_URL)
  if (!draft.isThere(url)) {
    draft.text(QUEUE_URL, draft.firstText(queueUrls))
    return
  }
  const { bytes, start, end } = draft.attributes
  draft.bytes(QUEUE_URL, bytes, start, end)
}

/** Likewise. */
function writeTables(draft: Draft): void {
  const { attributes, json } = draft
  const index = attributes.at(at.AWS_TABLE_NAMES)
  const value = attributes.value(index)
  const names = typeof value === 'string' ? [value] : (textsOf(value) ?? [])
  if (names.length === 0) draft.either(TABLE_NAME, at.AWS_TABLE_NAME, at.AWS_TABLE_NAME_JAVA)
  else if (names.length === 1) draft.string(TABLE_NAME, names[0]!)
  else {
    json.member(TABLE_NAMES)
    draft.list(names)
  }
}

/** What the document had, and nothing that could be derived. */
function writeReturned(draft: Draft, blocks: ResourceBlocks): void {
  const { attributes, json, rest } = draft
  const block = blockOf(rest, 'aws')
  if (block === undefined && returned.every((number) => attributes.at(number) < 0)) return
  json.member(AWS)
  json.beginObject()
  draft.text(OPERATION, attributes.at(at.AWS_OPERATION))
  draft.text(ACCOUNT_ID, attributes.at(at.AWS_ACCOUNT_ID))
  draft.text(REGION, attributes.at(at.AWS_REGION))
  draft.text(REQUEST_ID, attributes.at(at.AWS_REQUEST_ID))
  draft.text(QUEUE_URL, attributes.at(at.AWS_QUEUE_URL))
  draft.text(TABLE_NAME, attributes.at(at.AWS_TABLE_NAME))
  draft.texts(TABLE_NAMES, at.AWS_TABLE_NAMES)
  draft.integer(RETRIES, at.RETRIES)
  if (block !== undefined) {
    blocks.writeReturned(json, draft.resource, block)
    writeRest(json, block, RESOURCE_BLOCKS, LOG_GROUPS)
  }
  json.endObject()
}

/** Written by `ResourceBlocks`. */
const RESOURCE_BLOCKS = ['ec2', 'ecs', 'elastic_beanstalk', 'eks', 'xray']
const LOG_GROUPS = 'cloudwatch_logs'

const returned = [
  at.AWS_OPERATION,
  at.AWS_ACCOUNT_ID,
  at.AWS_REGION,
  at.AWS_REQUEST_ID,
  at.AWS_QUEUE_URL,
  at.AWS_TABLE_NAME,
  at.AWS_TABLE_NAMES,
  at.RETRIES,
]
