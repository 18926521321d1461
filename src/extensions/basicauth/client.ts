import type { GrpcAuthenticator, HttpAuthenticator, Proof, Settings } from '../../contract/index.ts'
import { WatchedFile } from '../../net/watched-file.ts'
import type { ClientAuthConfig } from './config.ts'

/** Sends a name and a password with everything. */
export class BasicAuthClient implements HttpAuthenticator, GrpcAuthenticator {
  readonly needsTls = true
  readonly #files: readonly WatchedFile[]
  #username: string
  #password: string
  #proof: Proof

  constructor(config: ClientAuthConfig, settings: Settings) {
    this.#username = config.username
    this.#password = config.password?.reveal() ?? ''
    this.#proof = proofOf(this.#username, this.#password)
    const watched = (path: string, setting: string, take: (text: string) => void): WatchedFile[] =>
      path === '' ? [] : [new WatchedFile({ path, setting: `client_auth::${setting}`, take }, settings)]
    this.#files = [
      ...watched(config.username_file, 'username_file', (text) => this.#set(nameOf(text), this.#password)),
      ...watched(config.password_file, 'password_file', (text) => this.#set(this.#username, text.trim())),
    ]
  }

  #set(username: string, password: string): void {
    this.#username = username
    this.#password = password
    this.#proof = proofOf(username, password)
  }

  async start(): Promise<void> {
    for (const file of this.#files) {
      await file.read()
      file.watch()
    }
  }

  async stop(): Promise<void> {
    for (const file of this.#files) file.stop()
  }

  authenticate(): Proof {
    return this.#proof
  }

  authenticateCall(): Proof {
    return this.#proof
  }

  get renews(): boolean {
    return this.#files.length > 0
  }

  /** A new password may lie in its file already. */
  async mend({ status, proof }: { readonly status: number; readonly proof: Proof }): Promise<boolean> {
    return status === 401 && this.mendCall(proof)
  }

  async mendCall(refused: Proof): Promise<boolean> {
    for (const file of this.#files) await file.look()
    return this.#proof.authorization !== refused.authorization
  }
}

function nameOf(text: string): string {
  const name = text.trim()
  if (name === '' || name.includes(':')) throw new Error('must be a name without a colon, which would end it')
  return name
}

/** RFC 7617, section 2. */
const proofOf = (username: string, password: string): Proof => ({
  authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
})
