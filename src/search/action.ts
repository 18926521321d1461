// Action lines: {"create":{"_index":"…","_id":"…","pipeline":"…"}}
import { createHash } from 'node:crypto'
import type { BulkWriter } from './request.ts'

/** Begins documents; lines of indices that come again are not written again. */
export class Actions {
  readonly #action: string
  readonly #byIndex = new Map<string, Buffer>()
  /** The one before: nearly always the same again. */
  #index = ''
  #open: Buffer = NOTHING

  constructor(action: 'create' | 'index') {
    this.#action = action
  }

  /** `weight`: see BulkRequest. An id or a pipeline that is empty is none; `more` are other parameters, `"name":value`. */
  begin(writer: BulkWriter, weight: number, index: string, id = '', pipeline = '', more?: Buffer): void {
    writer.begin(this.#opening(index), weight)
    const { json } = writer
    if (id !== '') {
      json.key(ID)
      json.string(tidyId(id))
    }
    if (pipeline !== '') {
      json.key(PIPELINE)
      json.string(pipeline)
    }
    if (more !== undefined) json.key(more)
    json.raw(CLOSING)
  }

  #opening(index: string): Buffer {
    if (index === this.#index) return this.#open
    let opening = this.#byIndex.get(index)
    if (opening === undefined) {
      if (this.#byIndex.size >= MAX_INDICES) this.#byIndex.clear()
      opening = Buffer.from(`{"${this.#action}":{"_index":${JSON.stringify(index)}`)
      this.#byIndex.set(index, opening)
    }
    this.#index = index
    this.#open = opening
    return opening
  }
}

/** Names come from attributes: there is no end to them. */
const MAX_INDICES = 1000
const NOTHING = Buffer.alloc(0)
const ID = Buffer.from('"_id":')
const PIPELINE = Buffer.from('"pipeline":')
const CLOSING = Buffer.from('}}\n')

/** A longer one, and the whole bulk request is refused. */
const MAX_ID_BYTES = 512

/** Of a text that is too long for an id, a hash: the same text is the same document. */
function tidyId(id: string): string {
  if (id.length * 3 <= MAX_ID_BYTES || Buffer.byteLength(id) <= MAX_ID_BYTES) return id
  return `sha256-${createHash('sha256').update(id).digest('hex')}`
}
