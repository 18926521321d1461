/** What is used of it; it has no types of its own. */
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http'

  interface TokenRequest {
    readonly oidc: { readonly params?: Readonly<Record<string, unknown>> }
    body?: unknown
  }
  export class Provider {
    constructor(issuer: string, config: object)
    callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>
    registerGrantType(
      name: string,
      handle: (context: TokenRequest) => Promise<void>,
      parameters: readonly string[],
    ): void
  }
}
