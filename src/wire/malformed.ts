/** The bytes are not the message that they claim to be: the sender is at fault, and sending them again will not help. */
export class MalformedError extends Error {
  override readonly name = 'MalformedError'
  /** Where in the bytes. */
  readonly offset: number
  /** Such as `resourceSpans[0].scopeSpans[0].spans[12].attributes[3]`; empty for the message itself. */
  readonly path: string

  constructor(problem: string, offset: number, path: string) {
    super(`${path || 'message'}: ${problem} at byte ${offset}`)
    this.offset = offset
    this.path = path
  }
}
