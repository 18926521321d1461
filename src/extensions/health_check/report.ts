// What is said about the agent: in the collector's words, in short, and in full.
import type { ComponentHealth, ComponentState, Health } from '../../contract/index.ts'

/** `unhealthy` says why although the agent is ready. */
export interface Verdict {
  readonly isHealthy: boolean
  readonly reason: string | undefined
}

/** The collector's body: an unready one is up since year one, as Go's zero time is. */
export function collectorReport(health: Health, { isHealthy }: Verdict, nowMs: number): object {
  const { readySince } = health
  return isHealthy && readySince !== undefined
    ? {
        status: 'Server available',
        upSince: new Date(readySince).toISOString(),
        uptime: goDuration(nowMs - readySince),
        ...delayOf(health),
      }
    : { status: 'Server not available', upSince: '0001-01-01T00:00:00Z', uptime: '', ...delayOf(health) }
}

/** Beside the collector's fields. */
const delayOf = ({ eventLoopDelay }: Health): object => (eventLoopDelay === undefined ? {} : { eventLoopDelay })

export type AgentStatus = 'starting' | 'ok' | 'degraded' | 'failed' | 'stopping'

export function shortReport(health: Health, verdict: Verdict, nowMs: number): object {
  return {
    status: statusOf(health),
    ready: health.isReady,
    healthy: verdict.isHealthy,
    ...(verdict.reason !== undefined && { reason: verdict.reason }),
    startedAt: new Date(health.startedAt).toISOString(),
    ...(health.readySince !== undefined && { uptime: goDuration(nowMs - health.readySince) }),
    ...(health.changedSources.length > 0 && { restartToApply: health.changedSources }),
    ...delayOf(health),
  }
}

export function detailedReport(health: Health, verdict: Verdict, nowMs: number): object {
  const components = health.components()
  return {
    ...shortReport(health, verdict, nowMs),
    pipelines: Object.fromEntries(
      health.pipelines().map((pipeline) => {
        const parts = components.filter(
          ({ kind, id, pipeline: place }) =>
            (kind === 'receiver' && pipeline.receivers.includes(id)) ||
            (kind === 'processor' && place === pipeline.id) ||
            (kind === 'exporter' && pipeline.exporters.includes(id)) ||
            (kind === 'connector' && (pipeline.exporters.includes(id) || pipeline.receivers.includes(id))),
        )
        const { receivers, processors, exporters } = pipeline
        return [pipeline.id, { state: worst(parts), receivers, processors, exporters }]
      }),
    ),
    components: components.map(({ kind, id, pipeline, state, reason, since }) => ({
      kind,
      id,
      ...(pipeline !== undefined && { pipeline }),
      state,
      since: new Date(since).toISOString(),
      ...(reason !== undefined && { reason }),
    })),
  }
}

function statusOf(health: Health): AgentStatus {
  const state = worst(health.components())
  if (state === 'failed') return 'failed'
  if (!health.isReady) return state === 'stopping' || state === 'stopped' ? 'stopping' : 'starting'
  return state === 'degraded' ? 'degraded' : 'ok'
}

/** From harmless to grave. */
const GRAVITY: readonly ComponentState[] = ['ok', 'starting', 'stopped', 'stopping', 'degraded', 'failed']

function worst(components: readonly ComponentHealth[]): ComponentState {
  const gravity = components.map(({ state }) => GRAVITY.indexOf(state))
  return GRAVITY[Math.max(0, ...gravity)]!
}

/** As Go writes durations: `1h2m3.5s`, `0s`. */
function goDuration(ms: number): string {
  const seconds = Math.max(0, ms) / 1000
  if (seconds === 0) return '0s'
  if (seconds < 1) return `${Math.round(seconds * 1000)}ms`
  const hours = Math.floor(seconds / 3600)
  const minutes = Math.floor(seconds / 60) % 60
  const rest = Number((seconds % 60).toFixed(3))
  return `${hours > 0 ? `${hours}h` : ''}${hours > 0 || minutes > 0 ? `${minutes}m` : ''}${rest}s`
}
