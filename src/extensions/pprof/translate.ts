// V8's profiles as pprof's.
import type { Frame as PprofFrame, Profile, Sample } from './profile.ts'
import { type CpuProfile, HEAP_INTERVAL_BYTES, type HeapNode, type HeapProfile } from './profiler.ts'

/** Time in which the thread had nothing to do is no CPU time, and left out. */
const IDLE = '(idle)'

export function cpuProfile(profile: CpuProfile, startedMs: number): Profile {
  const { samples = [], timeDeltas = [], startTime, endTime, nodes } = profile
  const counts = new Map<number, { count: number; us: number }>()
  for (const [index, id] of samples.entries()) {
    // A sample stands for the time until the next one.
    const us = Math.max(0, timeDeltas[index + 1] ?? 0)
    const known = counts.get(id)
    if (known === undefined) counts.set(id, { count: 1, us })
    else {
      known.count++
      known.us += us
    }
  }
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)))
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const stackOf = (id: number): PprofFrame[] => {
    const stack: PprofFrame[] = []
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
      const node = byId.get(at)
      if (node !== undefined && node.callFrame.functionName !== ROOT) stack.push(frameOf(node.callFrame))
    }
    return stack
  }
  return {
    types: [
      { type: 'samples', unit: 'count' },
      { type: 'cpu', unit: 'nanoseconds' },
    ],
    samples: [...counts]
      .filter(([id]) => byId.get(id)?.callFrame.functionName !== IDLE)
      .map(([id, { count, us }]) => ({ stack: stackOf(id), values: [count, us * 1000] })),
    period: 1_000_000,
    periodType: { type: 'cpu', unit: 'nanoseconds' },
    timeMs: startedMs,
    durationMs: (endTime - startTime) / 1000,
  }
}

/** What was allocated after the allocation numbered `after`, and is still there. */
export function heapProfile(
  { head, samples }: HeapProfile,
  of: { readonly after: number; readonly timeMs: number; readonly durationMs: number },
): Profile {
  const sizes = new Map<number, number>()
  for (const { nodeId, size, ordinal } of samples)
    if (ordinal > of.after) sizes.set(nodeId, (sizes.get(nodeId) ?? 0) + size)
  const found: Sample[] = []
  const open: { readonly node: HeapNode; readonly stack: readonly PprofFrame[] }[] = [{ node: head, stack: [] }]
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const { node } = at
    const stack = node === head ? [] : [frameOf(node.callFrame), ...at.stack]
    const size = sizes.get(node.id)
    if (size !== undefined) found.push({ stack, values: [Math.round(size)] })
    for (const child of node.children) open.push({ node: child, stack })
  }
  return {
    types: [{ type: 'inuse_space', unit: 'bytes' }],
    samples: found,
    period: HEAP_INTERVAL_BYTES,
    periodType: { type: 'space', unit: 'bytes' },
    timeMs: of.timeMs,
    durationMs: of.durationMs,
  }
}

/** The number of the newest allocation. */
export const newest = ({ samples }: HeapProfile): number =>
  samples.reduce((most, { ordinal }) => Math.max(most, ordinal), 0)

const ROOT = '(root)'

const frameOf = ({ functionName, url, lineNumber }: HeapNode['callFrame']): PprofFrame => ({
  functionName: functionName || '(anonymous)',
  url,
  line: lineNumber + 1,
})
