// /debug/servicez and /debug/expvarz: what runs, since when, on what. No arguments and no environment: they have secrets.
import { getHeapStatistics } from 'node:v8'
import type { Health, Settings } from '../../contract/index.ts'

export function serviceOf({ agent, clock }: Settings, health: Health): Record<string, string> {
  const seconds = Math.round((clock.now() - health.startedAt) / 1000)
  const { rss, heapUsed, external } = process.memoryUsage()
  return {
    name: agent.name,
    version: agent.version,
    instance: agent.instanceId,
    ready: health.isReady ? 'yes' : 'no',
    started: new Date(health.startedAt).toISOString(),
    uptime: `${Math.floor(seconds / 3600)} h ${Math.floor(seconds / 60) % 60} min ${seconds % 60} s`,
    process: String(process.pid),
    ...(health.eventLoopDelay !== undefined && {
      'event loop': `${health.eventLoopDelay.lastMs} ms late, ${health.eventLoopDelay.worstOfMinuteMs} ms at worst within the last minute`,
    }),
    runtime: `Node.js ${process.versions.node}, V8 ${process.versions.v8}`,
    platform: `${process.platform} ${process.arch}`,
    memory: `${mebibytes(rss)} MiB, of it ${mebibytes(heapUsed)} objects and ${mebibytes(external)} buffers`,
    ...(health.changedSources.length > 0 && { restartToApply: health.changedSources.join(', ') }),
  }
}

const mebibytes = (bytes: number): string => (bytes / 1024 / 1024).toFixed(1)

export const runtimeNumbers = (): object => ({
  memory: process.memoryUsage(),
  heap: getHeapStatistics(),
  cpu: process.cpuUsage(),
  uptime: process.uptime(),
})
