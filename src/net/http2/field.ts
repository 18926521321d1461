// One header field, and what it means to a server: looked up once, when it enters the table of its connection.

export type Role =
  | 'method'
  | 'scheme'
  | 'path'
  | 'authority'
  | 'content-type'
  | 'content-length'
  | 'grpc-encoding'
  | 'grpc-timeout'
  | 'plain'
  /** Base64 that is none, under a name that promises it. */
  | 'bad-binary'
  /** A request that has it is malformed, RFC 9113 8.2 and 8.3. */
  | 'forbidden'

export class HeaderField {
  readonly name: string
  readonly value: string
  readonly role: Role
  /** RFC 7541 4.1 */
  readonly sizeBytes: number

  constructor(name: string, value: string) {
    this.name = name
    this.value = value
    this.role = roleOf(name, value)
    this.sizeBytes = name.length + value.length + 32
  }
}

function roleOf(name: string, value: string): Role {
  if (!isFieldValue(value)) return 'forbidden'
  switch (name) {
    case ':method':
      return 'method'
    case ':scheme':
      return 'scheme'
    case ':path':
      return 'path'
    case ':authority':
      return 'authority'
    case 'content-type':
    case 'content-length':
    case 'grpc-encoding':
    case 'grpc-timeout':
      return name
    case 'te':
      return value === 'trailers' ? 'plain' : 'forbidden'
    case 'connection':
    case 'keep-alive':
    case 'proxy-connection':
    case 'transfer-encoding':
    case 'upgrade':
      return 'forbidden'
  }
  if (!/^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(name)) return 'forbidden'
  return name.endsWith('-bin') && !isBase64(value) ? 'bad-binary' : 'plain'
}

/** RFC 9113 8.2.1 */
function isFieldValue(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i)
    if (code === 0 || code === 10 || code === 13) return false
  }
  return !/^[ \t]|[ \t]$/.test(value)
}

/** With or without padding, several in a row parted by commas. */
const isBase64 = (value: string): boolean => /^[A-Za-z0-9+/]*={0,2}(?:, ?[A-Za-z0-9+/]*={0,2})*$/.test(value)
