// What a document is cut to, step by step, when it is larger than X-Ray takes: metadata and stacks first, what is searched last.

/** "Up to 64 kB" (X-Ray Developer Guide, segment documents), in the narrower sense of the word. */
export const MAX_DOCUMENT_BYTES = 64_000
/** X-Ray indexes up to 50 annotations a trace; a document has no more. */
const MAX_ANNOTATIONS = 50
/** Characters. */
export const MAX_NAME_LENGTH = 200
export const MAX_ANNOTATION_KEY_LENGTH = 500
export const MAX_ANNOTATION_LENGTH = 1000

export interface Limits {
  /** A word for logs and for the document itself. */
  readonly step: string
  /** A value in metadata, on the wire; 0 leaves all of it out. */
  readonly valueBytes: number
  /** Events that are no exceptions, among the metadata. */
  readonly hasEvents: boolean
  /** Frames of a stack. */
  readonly frames: number
  readonly exceptions: number
  /** Any other text: a URL, a query, a message. */
  readonly textBytes: number
  /** Links, log groups, table names. */
  readonly listItems: number
  readonly annotations: number
  /** A text in one of them. */
  readonly annotationBytes: number
  /** What the resource says about where it runs. */
  readonly blockBytes: number
  /** Members that only X-Ray's own SDKs know. */
  readonly hasRest: boolean
}

const NONE = Number.MAX_SAFE_INTEGER

export const UNLIMITED: Limits = {
  step: '',
  valueBytes: NONE,
  hasEvents: true,
  frames: NONE,
  exceptions: NONE,
  textBytes: NONE,
  listItems: NONE,
  annotations: MAX_ANNOTATIONS,
  annotationBytes: NONE,
  blockBytes: NONE,
  hasRest: true,
}

/** Each tighter than the one before; the last one fits whatever a span has. */
export const STEPS: readonly Limits[] = [
  { ...UNLIMITED, step: 'metadata values up to 2,048 bytes', valueBytes: 2048 },
  { ...UNLIMITED, step: 'metadata values up to 256 bytes, 50 frames a stack', valueBytes: 256, frames: 50 },
  {
    ...UNLIMITED,
    step: 'metadata values up to 64 bytes, no events, 10 frames a stack, texts up to 4,096 bytes',
    valueBytes: 64,
    hasEvents: false,
    frames: 10,
    exceptions: 20,
    textBytes: 4096,
    listItems: 50,
  },
  {
    ...UNLIMITED,
    step: 'no metadata, 3 frames a stack, texts up to 512 bytes',
    valueBytes: 0,
    hasEvents: false,
    frames: 3,
    exceptions: 5,
    textBytes: 512,
    listItems: 10,
    blockBytes: 16_000,
    hasRest: false,
  },
  {
    ...UNLIMITED,
    step: 'no metadata, no stacks, texts up to 100 bytes, 10 annotations',
    valueBytes: 0,
    hasEvents: false,
    frames: 0,
    exceptions: 2,
    textBytes: 100,
    listItems: 3,
    annotations: 10,
    annotationBytes: 100,
    blockBytes: 4000,
    hasRest: false,
  },
]

/** The largest end, at most `size` bytes after `start`, that cuts no character. */
export function cutEnd(bytes: Uint8Array, start: number, end: number, size: number): number {
  if (end - start <= size) return end
  let cut = start + size
  while (cut > start && (bytes[cut]! & 0xc0) === 0x80) cut--
  return cut
}

/** As X-Ray sees it, or more if it fits so: without the backslashes of the text around it, and without the quotes. */
export function documentSize(bytes: Buffer, start: number, end: number): number {
  const length = end - start - 2
  return length <= MAX_DOCUMENT_BYTES ? length : exactSize(bytes, start, end)
}

/** As X-Ray sees it. */
export function exactSize(bytes: Buffer, start: number, end: number): number {
  let escapes = 0
  for (let i = start + 1; i < end - 1; i++)
    if (bytes[i] === 0x5c) {
      escapes++
      i++
    }
  return end - start - 2 - escapes
}
