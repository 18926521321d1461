// Resource = { 1: attributes, 2: dropped_attributes_count }; InstrumentationScope = { 1: name, 2: version, 3: attributes }
import type { Attributes } from './attributes.ts'
import type { Message } from './message.ts'

/** What produced the telemetry. Editable in `onResource`, or anywhere by a visitor with `writesParents`. */
export class Resource {
  readonly #message: Message
  constructor(message: Message) {
    this.#message = message
  }

  get attributes(): Attributes {
    return this.#message.attributes
  }
  retain(): Resource {
    return new Resource(this.#message.retain())
  }
  toObject(): ResourceObject {
    return { attributes: this.attributes.toMap() }
  }
}
export interface ResourceObject {
  readonly attributes: ReadonlyMap<string, unknown>
}

const NAME = 1
const VERSION = 2

/** The instrumentation library. Editable in `onScope`, or below by a visitor with `writesParents`. */
export class Scope {
  readonly #message: Message
  constructor(message: Message) {
    this.#message = message
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
  retain(): Scope {
    return new Scope(this.#message.retain())
  }
  toObject(): ScopeObject {
    return { name: this.name, version: this.version, attributes: this.attributes.toMap() }
  }
}
export interface ScopeObject {
  readonly name: string
  readonly version: string
  readonly attributes: ReadonlyMap<string, unknown>
}
