// A name server on loopback that answers as the test says, and a `lookup` that asks it in place of the system's.
import { createSocket, type Socket } from 'node:dgram'
import { type LookupAddress, type LookupOptions, type lookup, Resolver } from 'node:dns'
import type { resolve4 } from 'node:dns/promises'
import { once } from 'node:events'
import { type AddressInfo, isIP, type LookupFunction } from 'node:net'

/** Addresses, a refusal, or silence. */
export type NameAnswer = readonly string[] | 'NXDOMAIN' | 'SERVFAIL' | 'hang'

const CODES = { NXDOMAIN: 3, SERVFAIL: 2 } as const
const QUESTION_AT = 12

/** A lookup that finds these addresses, whatever the name. */
export const lookupTo =
  (addresses: () => readonly string[]): LookupFunction =>
  (_name, options, answer) => {
    const found = addresses().map((address) => ({ address, family: isIP(address) }))
    setImmediate(() => (options.all ? answer(null, found) : answer(null, found[0]!.address, found[0]!.family)))
  }

export class NameServer {
  readonly #socket: Socket = createSocket('udp4')
  readonly #resolver = new Resolver({ timeout: 30_000, tries: 1 })
  readonly answers = new Map<string, NameAnswer>()
  /** Questions, by name. */
  readonly asked = new Map<string, number>()

  async start(): Promise<this> {
    this.#socket.bind(0, '127.0.0.1')
    await once(this.#socket, 'listening')
    this.#socket.on('message', (query, { port, address }) => {
      const answer = this.#answer(query)
      if (answer !== undefined) this.#socket.send(answer, port, address)
    })
    this.#resolver.setServers([`127.0.0.1:${(this.#socket.address() as AddressInfo).port}`])
    return this
  }

  stop(): void {
    this.#resolver.cancel()
    this.#socket.close()
  }

  /** In the shape of `dns.lookup`. */
  readonly lookup = ((
    name: string,
    options: LookupOptions,
    answer: (error: Error | null, address: string | LookupAddress[], family?: number) => void,
  ) => {
    this.#resolver.resolve4(name, (error, addresses) => {
      if (error) answer(error, [])
      else if (options.all)
        answer(
          null,
          addresses.map((address) => ({ address, family: 4 })),
        )
      else answer(null, addresses[0]!, 4)
    })
  }) as typeof lookup

  /** In the shape of `dns.promises.resolve4`. */
  readonly resolve4 = ((name: string) =>
    new Promise((resolve, reject) =>
      this.#resolver.resolve4(name, (error, addresses) => (error ? reject(error) : resolve(addresses))),
    )) as typeof resolve4

  #answer(query: Buffer): Buffer | undefined {
    const labels: string[] = []
    let at = QUESTION_AT
    for (let size = query[at]!; size > 0; size = query[at]!) {
      labels.push(query.toString('latin1', at + 1, at + 1 + size))
      at += 1 + size
    }
    const question = query.subarray(QUESTION_AT, at + 5)
    const name = labels.join('.')
    this.asked.set(name, (this.asked.get(name) ?? 0) + 1)
    const answer = this.answers.get(name) ?? 'NXDOMAIN'
    if (answer === 'hang') return undefined
    const addresses = typeof answer === 'string' ? [] : answer
    const header = Buffer.alloc(QUESTION_AT)
    query.copy(header, 0, 0, 2)
    // RFC 1035, 4.1.1: an answer, recursion asked for and available, and what became of the question.
    header.writeUInt16BE(0x8180 | (typeof answer === 'string' ? CODES[answer] : 0), 2)
    header.writeUInt16BE(1, 4)
    header.writeUInt16BE(addresses.length, 6)
    return Buffer.concat([header, question, ...addresses.map(recordOf)])
  }
}

/** The name of the question, A, IN, for a second. */
const recordOf = (address: string): Buffer =>
  Buffer.from([0xc0, QUESTION_AT, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, ...address.split('.').map(Number)])
