// Senders of packets as objects that stay the same, so that whoever keeps something for each need not look at addresses.
import type { Origin } from './datagrams.ts'
import { readAddress } from './raw-socket.ts'

/** When there are more all are forgotten. */
const MAX_ORIGINS = 4096
const AF_INET = 2

export class Origins {
  readonly isV6: boolean
  readonly nameless: Origin = { address: '', port: 0 }
  #last: Origin = this.nameless
  #lastNumber = -1
  /** Of IPv4: the address and the port as one number. */
  readonly #byNumber = new Map<number, Origin>()
  readonly #byText = new Map<string, Origin>()

  constructor(isV6: boolean) {
    this.isV6 = isV6
  }

  /** `address` as Node gives it: on a socket for both families IPv4 comes as ::ffff:10.0.0.1. */
  of(address: string, port: number): Origin {
    const last = this.#last
    if (last.address === address && last.port === port) return last
    const plain = address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
    this.#lastNumber = -1
    return (this.#last = this.#known(plain, port))
  }

  /** The one in the name that stands there. */
  read(names: Buffer, at: number): Origin {
    const isV4 = names[at] === AF_INET
    const number = isV4 ? numberAt(names, at + 4) * 65_536 + names[at + 2]! * 256 + names[at + 3]! : -1
    if (isV4 && number === this.#lastNumber) return this.#last
    let origin = isV4 ? this.#byNumber.get(number) : undefined
    if (origin === undefined) {
      origin = this.#known(readAddress(names, at), names.readUInt16BE(at + 2))
      if (this.#byNumber.size >= MAX_ORIGINS) this.#byNumber.clear()
      if (isV4) this.#byNumber.set(number, origin)
    }
    this.#lastNumber = number
    return (this.#last = origin)
  }

  #known(address: string, port: number): Origin {
    const text = `${address} ${port}`
    let origin = this.#byText.get(text)
    if (origin === undefined) {
      origin = { address, port }
      if (this.#byText.size >= MAX_ORIGINS) this.#byText.clear()
      this.#byText.set(text, origin)
    }
    return origin
  }
}

const numberAt = (bytes: Buffer, at: number): number =>
  bytes[at]! * 2 ** 24 + bytes[at + 1]! * 2 ** 16 + bytes[at + 2]! * 2 ** 8 + bytes[at + 3]!
