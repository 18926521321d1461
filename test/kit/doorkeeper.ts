// An authenticator for tests: who says the word may send, at once or when the test says so.
import {
  type Extension,
  type Identity,
  type IncomingHead,
  type ServerAuthenticator,
  UnauthenticatedError,
} from '../../src/contract/index.ts'
import { type TestHost, testHost } from '../../src/testing/index.ts'

export const WORD = 'let me in'

export class Doorkeeper implements ServerAuthenticator {
  /** Who asked, in order; the header is what they said. */
  readonly asked: {
    readonly transport: string
    readonly said: string | undefined
    readonly address: string | undefined
  }[] = []
  /** When set, each answer waits for it. */
  until: Promise<void> | undefined
  /** When set, it is what everybody is told. */
  fault: Error | undefined

  identify(head: IncomingHead): Identity | Promise<Identity> {
    const said = head.header('authorization')
    this.asked.push({ transport: head.transport, said, address: head.clientAddress })
    if (this.fault !== undefined) throw this.fault
    if (this.until === undefined) return decide(said)
    return this.until.then(() => decide(said))
  }
}

function decide(said: string | undefined): Identity {
  if (said === WORD) return new Map([['subject', ['somebody']]])
  throw new UnauthenticatedError(said === undefined ? 'no word was said' : 'the word is wrong', 'Word realm="test"')
}

/** A host on which it runs under the id `door`. */
export const guardedHost = (keeper: Doorkeeper): TestHost =>
  testHost({ extensions: new Map<string, Extension>([['door', keeper as Extension]]) })
