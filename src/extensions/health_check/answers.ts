// What is answered to which request; nothing here does I/O.
import type { IncomingMessage } from 'node:http'
import type { Health } from '../../contract/index.ts'
import { harmless } from '../../observe/line.ts'
import type { HealthCheckConfig } from './config.ts'
import { collectorReport, detailedReport, shortReport, type Verdict } from './report.ts'

export interface Answer {
  readonly status: number
  readonly type: string
  readonly text: string
}

const SHORT_PATH = '/health'
const DETAILED_PATH = '/health/detailed'

const PLAIN = 'text/plain; charset=utf-8'
const DEFAULT_MAX_BODY_BYTES = 20 * 1024 * 1024

/** Why a request is not answered; undefined when it is. Only GET and HEAD are questions, and a question has no body. */
export function refusalOf({ method, headers }: IncomingMessage, config: HealthCheckConfig): Answer | undefined {
  if (method !== 'GET' && method !== 'HEAD') return plain(405, 'use GET')
  const limit = config.max_request_body_size || DEFAULT_MAX_BODY_BYTES
  if (Number(headers['content-length'] ?? 0) > limit) return plain(413, 'a question about health has no body')
  const encoding = headers['content-encoding'] ?? ''
  if (!config.compression_algorithms.some((one) => one === encoding)) return plain(415, `cannot read ${encoding}`)
  return undefined
}

/** As with the collector's own routing, a path that ends in a slash is everything below it. */
export function answerTo(
  target: string,
  config: HealthCheckConfig,
  of: { readonly health: Health; readonly verdict: Verdict; readonly nowMs: number },
): Answer {
  const { path } = config
  const asked = pathOf(target)
  const { health, verdict, nowMs } = of
  if (asked === path) return collectors(config, of)
  if (asked === SHORT_PATH) return json(verdict, shortReport(health, verdict, nowMs))
  if (asked === DETAILED_PATH) return json(verdict, detailedReport(health, verdict, nowMs))
  if (path.endsWith('/') && asked.startsWith(path)) return collectors(config, of)
  return plain(404, `there are ${path}, ${SHORT_PATH} and ${DETAILED_PATH}`)
}

/** The path of a request target, which may be anything. */
const pathOf = (target: string): string => target.replace(/^https?:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '') || '/'

function collectors({ response_body: body }: HealthCheckConfig, of: Parameters<typeof answerTo>[2]): Answer {
  const { health, verdict, nowMs } = of
  if (body === undefined) return json(verdict, collectorReport(health, verdict, nowMs))
  const text = verdict.isHealthy ? body.healthy : body.unhealthy
  return { status: statusOf(verdict), type: PLAIN, text }
}

const json = (verdict: Verdict, report: object): Answer => ({
  status: statusOf(verdict),
  type: 'application/json',
  text: harmless(JSON.stringify(report)),
})

const statusOf = ({ isHealthy }: Verdict): number => (isHealthy ? 200 : 503)
const plain = (status: number, text: string): Answer => ({ status, type: PLAIN, text: `${text}\n` })
