// sql = { url, connection_string, sanitized_query, database_type, user }
import { nestedMember } from '../../wire/json.ts'
import { ByteWriter } from '../../wire/writer.ts'
import type { Draft } from './segment-draft.ts'
import * as at from './segment-keys.ts'
import { UNLIMITED } from './segment-limits.ts'
import { blockOf, writeRest } from './segment-rest.ts'

const SQL = nestedMember('"sql":')
const URL = nestedMember('"url":')
const CONNECTION_STRING = nestedMember('"connection_string":')
const SANITIZED_QUERY = nestedMember('"sanitized_query":')
const DATABASE_TYPE = nestedMember('"database_type":')
const USER = nestedMember('"user":')

/** Of `db.system`, those that the collector takes for SQL. */
const systems = [
  'db2',
  'derby',
  'hive',
  'mariadb',
  'mssql',
  'mysql',
  'oracle',
  'postgresql',
  'sqlite',
  'teradata',
  'other_sql',
].map((name) => Buffer.from(name))

/** Of `db.system.name` (OpenTelemetry semantic conventions, database spans), those that speak SQL. */
const systemNames = [
  ...systems,
  ...[
    'actian.ingres',
    'aws.redshift',
    'clickhouse',
    'cockroachdb',
    'firebirdsql',
    'gcp.spanner',
    'h2database',
    'hsqldb',
    'ibm.db2',
    'ibm.netezza',
    'instantdb',
    'microsoft.sql_server',
    'oracle.db',
    'sap.hana',
    'sap.maxdb',
    'softwareag.adabas',
    'trino',
    'vertica',
  ].map((name) => Buffer.from(name)),
]

/** The block, if the span is about an SQL database. */
export function writeSql(draft: Draft): void {
  if (draft.isReturned) return writeReturned(draft)
  const system = (draft.groups & at.SQL) === 0 ? -1 : systemOf(draft)
  if (system < 0) return
  const { json } = draft
  json.member(SQL)
  json.beginObject()
  // What the URL of the console shows; a connection string there helps nobody.
  if (draft.limits === UNLIMITED) {
    json.member(URL)
    draft.span.writeName(json)
  } else draft.string(URL, draft.span.name)
  writeConnectionString(draft)
  draft.either(SANITIZED_QUERY, at.DB_STATEMENT, at.DB_QUERY_TEXT)
  draft.text(DATABASE_TYPE, system)
  draft.text(USER, draft.attributes.at(at.DB_USER))
  json.endObject()
}

function systemOf({ attributes }: Draft): number {
  const older = attributes.at(at.DB_SYSTEM)
  for (let i = 0; older >= 0 && i < systems.length; i++) if (attributes.equals(older, systems[i]!)) return older
  const newer = attributes.at(at.DB_SYSTEM_NAME)
  for (let i = 0; newer >= 0 && i < systemNames.length; i++) if (attributes.equals(newer, systemNames[i]!)) return newer
  return -1
}

const connection = new ByteWriter(256)
const names = [at.DB_NAME, at.DB_NAMESPACE]

/** `<where>/<database>`; where: the connection string, the server by the newer conventions, or localhost. */
function writeConnectionString(draft: Draft): void {
  const { attributes } = draft
  connection.clear()
  const string = attributes.at(at.DB_CONNECTION_STRING)
  const server = attributes.at(at.SERVER_ADDRESS)
  if (draft.isThere(string)) {
    connection.raw(attributes.bytes, attributes.start, attributes.end)
    draft.put(string)
  } else if (draft.isThere(server)) {
    connection.raw(attributes.bytes, attributes.start, attributes.end)
    draft.put(server)
    const port = draft.wholeNumber(attributes.at(at.SERVER_PORT))
    if (port !== undefined) {
      connection.utf8(`:${port}`)
      draft.take(at.SERVER_PORT)
    }
  } else connection.utf8('localhost')
  connection.byte(0x2f)
  const name = draft.firstText(names)
  if (attributes.isText(name)) {
    connection.raw(attributes.bytes, attributes.start, attributes.end)
    draft.put(name)
  }
  draft.bytes(CONNECTION_STRING, connection.bytes, 0, connection.length)
}

/** What the document had, and nothing that could be derived. */
function writeReturned(draft: Draft): void {
  const { json, attributes } = draft
  const rest = blockOf(draft.rest, 'sql')
  if (rest === undefined && returned.every((number) => attributes.at(number) < 0)) return
  json.member(SQL)
  json.beginObject()
  draft.text(URL, attributes.at(at.SQL_URL))
  draft.text(CONNECTION_STRING, attributes.at(at.SQL_CONNECTION_STRING))
  draft.text(SANITIZED_QUERY, draft.first(at.DB_STATEMENT, at.DB_QUERY_TEXT))
  draft.text(DATABASE_TYPE, draft.first(at.DB_SYSTEM, at.DB_SYSTEM_NAME))
  draft.text(USER, attributes.at(at.DB_USER))
  writeRest(json, rest)
  json.endObject()
}

const returned = [
  at.SQL_URL,
  at.SQL_CONNECTION_STRING,
  at.DB_STATEMENT,
  at.DB_QUERY_TEXT,
  at.DB_SYSTEM,
  at.DB_SYSTEM_NAME,
  at.DB_USER,
]
