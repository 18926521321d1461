// What is answered to which request; nothing here does I/O.
import type { Health } from '../../contract/index.ts'
import { type Answer, plainAnswer } from '../../net/question-server.ts'
import { harmless } from '../../observe/line.ts'
import type { HealthCheckConfig } from './config.ts'
import { collectorReport, detailedReport, shortReport, type Verdict } from './report.ts'

const SHORT_PATH = '/health'
const DETAILED_PATH = '/health/detailed'

const PLAIN = 'text/plain; charset=utf-8'

/** As with the collector's own routing, a path that ends in a slash is everything below it. */
export function answerTo(
  asked: string,
  config: HealthCheckConfig,
  of: { readonly health: Health; readonly verdict: Verdict; readonly nowMs: number },
): Answer {
  const { path } = config
  const { health, verdict, nowMs } = of
  if (asked === path) return collectors(config, of)
  if (asked === SHORT_PATH) return json(verdict, shortReport(health, verdict, nowMs))
  if (asked === DETAILED_PATH) return json(verdict, detailedReport(health, verdict, nowMs))
  if (path.endsWith('/') && asked.startsWith(path)) return collectors(config, of)
  return plainAnswer(404, `there are ${path}, ${SHORT_PATH} and ${DETAILED_PATH}`)
}

function collectors({ response_body: body }: HealthCheckConfig, of: Parameters<typeof answerTo>[2]): Answer {
  const { health, verdict, nowMs } = of
  if (body === undefined) return json(verdict, collectorReport(health, verdict, nowMs))
  const text = verdict.isHealthy ? body.healthy : body.unhealthy
  return { status: statusOf(verdict), type: PLAIN, body: text }
}

const json = (verdict: Verdict, report: object): Answer => ({
  status: statusOf(verdict),
  type: 'application/json',
  body: harmless(JSON.stringify(report)),
})

const statusOf = ({ isHealthy }: Verdict): number => (isHealthy ? 200 : 503)
