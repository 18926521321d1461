// Attributes by which an item, its scope or its resource says where its document goes and how it is to be written. They are
// found in one pass and do not stand in documents.
import { KnownAttributes } from '../../data/index.ts'

export const HINT = {
  INDEX: 0,
  OLD_INDEX: 1,
  DATASET: 2,
  NAMESPACE: 3,
  TYPE: 4,
  ID: 5,
  PIPELINE: 6,
  OLD_PIPELINE: 7,
  MAPPING: 8,
  MODE: 9,
} as const
type Hint = (typeof HINT)[keyof typeof HINT]

/** In the order of their numbers. */
export const HINT_NAMES = [
  'elasticsearch.index',
  'elasticsearch._index',
  'data_stream.dataset',
  'data_stream.namespace',
  'data_stream.type',
  'elasticsearch.document_id',
  'elasticsearch.ingest_pipeline',
  'elasticsearch.document_pipeline',
  'elasticsearch.mapping.hints',
  'elastic.mapping.mode',
] as const

export class Hints extends KnownAttributes {
  constructor() {
    super(HINT_NAMES)
  }

  /** Empty when it is not there, or no text. */
  text(hint: Hint): string {
    const index = this.at(hint)
    return index < 0 ? '' : (this.string(index) ?? '')
  }

  /** Whether the list of hints about the mapping has that one. */
  hasMapping(name: string): boolean {
    const index = this.at(HINT.MAPPING)
    if (index < 0) return false
    const value = this.value(index)
    return Array.isArray(value) && value.includes(name)
  }
}
