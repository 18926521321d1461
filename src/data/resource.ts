// Resource             = { 1: attributes, 2: dropped_attributes_count, 3: entity_refs }, in field 1 of Resource*
// InstrumentationScope = { 1: name, 2: version, 3: attributes, 4: dropped_attributes_count }, in field 1 of Scope*
// Resource*, Scope*    = { 1: resource or scope, 2: what is inside, 3: schema_url }
import { textOf } from '../wire/intern.ts'
import { LEN, readVarint, skip, varintEnd } from '../wire/reader.ts'
import type { ByteWriter } from '../wire/writer.ts'
import type { Attributes } from './attributes.ts'
import { writeSized } from './canonical.ts'
import type { Message } from './message.ts'
import type { Splices } from './splices.ts'
import type { AnyValue } from './value.ts'

const DROPPED_RESOURCE_ATTRIBUTES_COUNT = 2

/** What produced the telemetry. Editable in `onResource`, or anywhere by a visitor with `writesParents`. */
export class Resource {
  readonly #message: Message
  readonly #entry: Entry
  constructor(message: Message, entry: Entry) {
    this.#message = message
    this.#entry = entry
  }

  get attributes(): Attributes {
    return this.#message.attributes
  }
  get droppedAttributesCount(): number {
    return this.#message.uint32(DROPPED_RESOURCE_ATTRIBUTES_COUNT)
  }
  set droppedAttributesCount(count: number) {
    this.#message.setVarint(DROPPED_RESOURCE_ATTRIBUTES_COUNT, count)
  }
  /** Of the Resource* entry around it: what the names of its attributes mean. Empty when absent. */
  get schemaUrl(): string {
    this.#message.index()
    return this.#entry.schemaUrl
  }
  set schemaUrl(url: string) {
    this.#message.checkWritable()
    this.#entry.setSchemaUrl(url)
  }
  /** The serialized message: for a `Builder`, which puts it elsewhere. */
  writeTo(out: ByteWriter): void {
    this.#message.writeTo(out)
  }
  /** A view that stays valid; read-only. */
  retain(): Resource {
    return new Resource(this.#message.retain(), this.#entry.copy())
  }
  toObject(): ResourceObject {
    return {
      attributes: this.attributes.toMap(),
      droppedAttributesCount: this.droppedAttributesCount,
      schemaUrl: this.schemaUrl,
    }
  }
}

/** A resource as plain data. */
export interface ResourceObject {
  readonly attributes: ReadonlyMap<string, AnyValue>
  readonly droppedAttributesCount: number
  readonly schemaUrl: string
}

const NAME = 1
const VERSION = 2
const DROPPED_SCOPE_ATTRIBUTES_COUNT = 4

/** The instrumentation library. Editable in `onScope`, or below by a visitor with `writesParents`. */
export class Scope {
  readonly #message: Message
  readonly #entry: Entry
  constructor(message: Message, entry: Entry) {
    this.#message = message
    this.#entry = entry
  }

  get name(): string {
    return this.#message.text(NAME)
  }
  set name(name: string) {
    this.#message.setText(NAME, name)
  }
  get version(): string {
    return this.#message.text(VERSION)
  }
  set version(version: string) {
    this.#message.setText(VERSION, version)
  }
  get attributes(): Attributes {
    return this.#message.attributes
  }
  get droppedAttributesCount(): number {
    return this.#message.uint32(DROPPED_SCOPE_ATTRIBUTES_COUNT)
  }
  set droppedAttributesCount(count: number) {
    this.#message.setVarint(DROPPED_SCOPE_ATTRIBUTES_COUNT, count)
  }
  /** Of the Scope* entry around it: what the names inside mean. Empty when absent. */
  get schemaUrl(): string {
    this.#message.index()
    return this.#entry.schemaUrl
  }
  set schemaUrl(url: string) {
    this.#message.checkWritable()
    this.#entry.setSchemaUrl(url)
  }
  /** Name and version: with the attributes, what makes it another scope. */
  writeIdentity(out: ByteWriter): void {
    writeSized(out, this.#message, NAME)
    writeSized(out, this.#message, VERSION)
  }
  /** The serialized message: for a `Builder`, which puts it elsewhere. */
  writeTo(out: ByteWriter): void {
    this.#message.writeTo(out)
  }
  /** A view that stays valid; read-only. */
  retain(): Scope {
    return new Scope(this.#message.retain(), this.#entry.copy())
  }
  toObject(): ScopeObject {
    return {
      name: this.name,
      version: this.version,
      attributes: this.attributes.toMap(),
      droppedAttributesCount: this.droppedAttributesCount,
      schemaUrl: this.schemaUrl,
    }
  }
}

/** A scope as plain data. */
export interface ScopeObject {
  readonly name: string
  readonly version: string
  readonly attributes: ReadonlyMap<string, AnyValue>
  readonly droppedAttributesCount: number
  readonly schemaUrl: string
}

const SCHEMA_URL = (3 << 3) | LEN

/** The Resource* or Scope* entry that the walk is in; looked at only when someone asks. */
export class Entry {
  bytes: Buffer = Buffer.alloc(0)
  start = 0
  end = 0
  /** Undefined unless somebody has set it. */
  #schemaUrl: string | undefined

  open(bytes: Buffer, start: number, end: number): void {
    this.bytes = bytes
    this.start = start
    this.end = end
    this.#schemaUrl = undefined
  }

  copy(): Entry {
    const copy = new Entry()
    copy.open(this.bytes, this.start, this.end)
    copy.#schemaUrl = this.#schemaUrl
    return copy
  }

  get schemaUrl(): string {
    return this.#schemaUrl ?? this.#readSchemaUrl()
  }
  setSchemaUrl(url: string): void {
    this.#schemaUrl = url
  }

  #readSchemaUrl(): string {
    let url = ''
    this.#eachSchemaUrl((at, _start, end) => {
      readVarint(this.bytes, at)
      url = textOf(this.bytes, varintEnd, end)
    })
    return url
  }

  /** Writes what was set behind everything else in the entry; returns how much that grows. */
  commit(splices: Splices): number {
    const url = this.#schemaUrl
    if (url === undefined) return 0
    this.#schemaUrl = undefined
    let delta = 0
    this.#eachSchemaUrl((_at, start, end) => {
      delta += splices.replace(start, end, 0, 0)
    })
    const { scratch } = splices
    const from = scratch.length
    scratch.byte(SCHEMA_URL)
    scratch.text(url)
    return delta + splices.replace(this.end, this.end, from, scratch.length)
  }

  #eachSchemaUrl(visit: (at: number, start: number, end: number) => void): void {
    const { bytes, end } = this
    for (let at = this.start; at < end; ) {
      const start = at
      const tag = readVarint(bytes, at)
      const content = varintEnd
      at = skip(bytes, content, tag)
      if (tag === SCHEMA_URL) visit(content, start, at)
    }
  }
}
