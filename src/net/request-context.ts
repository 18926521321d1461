import type { Context } from '../data/index.ts'

/** A request under way, as its context sees it. */
export interface Cancellable {
  readonly isSettled: boolean
  /** Of the connection; undefined when it has gone, or is a socket of this machine. */
  readonly remoteAddress: string | undefined
  /** Runs when the connection or stream has ended, whether or not it was answered. */
  onClose(run: () => void): void
}

/**
 * The context of one request. `abort` fires when the sender goes away before the answer; its controller is made when
 * somebody looks, which on most paths nobody does.
 */
export class RequestContext implements Context {
  readonly metadata: Context['metadata']
  readonly transport: string
  readonly auth: Context['auth']
  readonly #request: Cancellable
  #controller: AbortController | undefined
  #reason: Error | undefined

  constructor(metadata: Context['metadata'], transport: string, request: Cancellable, auth?: Context['auth']) {
    this.metadata = metadata
    this.transport = transport
    this.auth = auth
    this.#request = request
  }

  /** Asked for by few, and a system call. */
  get clientAddress(): string | undefined {
    return plainAddress(this.#request.remoteAddress)
  }

  get abort(): AbortSignal {
    return (this.#controller ?? this.#arm()).signal
  }

  #arm(): AbortController {
    const controller = new AbortController()
    this.#controller = controller
    if (this.#reason !== undefined) controller.abort(this.#reason)
    else
      this.#request.onClose(() => {
        if (!this.#request.isSettled) controller.abort(new Error('the sender has gone'))
      })
    return controller
  }

  /** For a time limit that the sender has set. */
  cancel(): void {
    this.#reason = new Error('the time that the sender set is over')
    this.#controller?.abort(this.#reason)
  }
}

/** On a socket for both, IPv4 comes as ::ffff:10.0.0.1. */
export const plainAddress = (address: string | undefined): string | undefined =>
  address?.replace(/^::ffff:(?=\d+\.)/, '')

export const NO_METADATA: Context['metadata'] = new Map()

/** Header names and values in turn, as they came. */
export function metadataOf(rawHeaders: readonly string[]): Context['metadata'] {
  const metadata = new Map<string, string[]>()
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase()
    const values = metadata.get(name)
    if (values === undefined) metadata.set(name, [rawHeaders[i + 1]!])
    else values.push(rawHeaders[i + 1]!)
  }
  return metadata
}
