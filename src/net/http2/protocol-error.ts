/** A client that cannot be understood any more: the connection ends, with the code of RFC 9113 7. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}
