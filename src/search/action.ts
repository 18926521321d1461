// Action lines: {"create":{"_index":"…","_id":"…","pipeline":"…"}}
import { createHash } from 'node:crypto'
import { keptText } from '../wire/kept.ts'
import type { BulkWriter } from './request.ts'

/** Begins documents; lines of indices that come again are not written again. */
export class Actions {
  readonly #action: string
  readonly #byIndex = new Map<string, Buffer>()
  /** The one before: nearly always the same again. */
  #index = ''
  #line: Buffer = NOTHING

  constructor(action: 'create' | 'index') {
    this.#action = action
  }

  /** `weight`: see BulkRequest. An id or a pipeline that is empty is none; `more` are other parameters, `"name":value`. */
  begin(writer: BulkWriter, weight: number, index: string, id = '', pipeline = '', more?: Buffer): void {
    const line = this.#lineOf(index)
    writer.begin(line, weight)
    if (id === '' && pipeline === '' && more === undefined) return
    const { json } = writer
    json.out.length -= CLOSING.length
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

  #lineOf(index: string): Buffer {
    if (index === this.#index) return this.#line
    let line = this.#byIndex.get(index)
    if (line === undefined) {
      if (this.#byIndex.size >= MAX_INDICES) this.#byIndex.clear()
      line = keptText(`{"${this.#action}":{"_index":${JSON.stringify(index)}${CLOSING}`)
      this.#byIndex.set(index, line)
    }
    this.#index = index
    this.#line = line
    return line
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
