// What plugins import as `sluice/http`: the HTTP client that the agent's own exporters have. Apart from `sluice/plugin`, so that
// a plugin that sends nothing loads nothing of it.
export {
  checkHttpClient,
  type HttpClientConfig,
  httpClientSettings,
  noteWithoutEffect,
} from './net/client-config.ts'
export { HttpClient, type HttpTarget, type RequestDetails } from './net/http-client.ts'
export type { HttpReply } from './net/http-reply.ts'
export { errorOfReply } from './net/otlp.ts'
export { parseRetryAfter } from './net/status.ts'
export { userAgentOf } from './net/user-agent.ts'
