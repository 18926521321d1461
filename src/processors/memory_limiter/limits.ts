// From the settings to bytes.
import type { Config } from './config.ts'

const MIB = 1024 * 1024
/** Payload that is let in however tight the limit, or the agent would do nothing at all. */
const LEAST_BUDGET_BYTES = 8 * MIB
/** What a container's limit leaves for what no limiter sees: page tables, kernel buffers, the page cache. */
const CONTAINER_PART = 0.95

export interface Limits {
  readonly hardBytes: number
  /** Data is refused from here on. */
  readonly softBytes: number
  /** Payload that may be held at a time: what the soft limit leaves beside the agent itself. */
  readonly budgetBytes: number
  /** What a person should know about the settings. */
  readonly warning: string | undefined
}

export interface Surroundings {
  /** What the process takes before there is data. */
  readonly baselineBytes: number
  readonly totalBytes: number
  readonly isContained: boolean
}

export function limitsOf(config: Config, { baselineBytes, totalBytes, isContained }: Surroundings): Limits {
  const part = (percentage: number): number => Math.floor((percentage / 100) * totalBytes)
  const isFixed = config.limit_mib > 0
  let hardBytes = isFixed ? config.limit_mib * MIB : part(config.limit_percentage)
  let spikeBytes = isFixed ? config.spike_limit_mib * MIB : part(config.spike_limit_percentage)
  let warning: string | undefined
  const mostBytes = Math.floor(totalBytes * CONTAINER_PART)
  if (isContained && hardBytes > mostBytes) {
    warning = `limit_mib (${mib(hardBytes)}) is more than the container has (${mib(totalBytes)}): taken as ${mib(mostBytes)}`
    spikeBytes = Math.floor(spikeBytes * (mostBytes / hardBytes))
    hardBytes = mostBytes
  }
  if (spikeBytes === 0) spikeBytes = Math.floor(hardBytes / 5)
  let softBytes = hardBytes - spikeBytes
  const leastBytes = baselineBytes + LEAST_BUDGET_BYTES
  if (softBytes < leastBytes) {
    warning = `limit_mib (${mib(hardBytes)}) less the spike limit (${mib(spikeBytes)}) leaves too little beside what the agent itself takes (${mib(baselineBytes)}): taken as ${mib(leastBytes + spikeBytes)}`
    softBytes = leastBytes
    hardBytes = leastBytes + spikeBytes
  }
  return { hardBytes, softBytes, budgetBytes: softBytes - baselineBytes, warning }
}

export const mib = (bytes: number): number => Math.round(bytes / MIB)
