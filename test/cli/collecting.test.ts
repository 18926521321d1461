import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { test } from 'tap'
import { followHeap } from '../../src/cli/collecting.ts'
import { FakeClock } from '../../src/testing/index.ts'

const MIB = 1024 ** 2

test('a large heap is collected by quarters, a small one seldom, or as V8 likes where there is little room', async (t) => {
  for (const [hasRoom, small] of [
    [true, '--heap-growing-percent=200'],
    [false, '--heap-growing-percent=0'],
  ] as const) {
    const clock = new FakeClock()
    const flags: string[] = []
    let usedHeapBytes = 20 * MIB
    const collector = {
      usedHeapBytes: () => usedHeapBytes,
      setFlag: (flag: string) => flags.push(flag),
      collectThoroughly() {},
    }
    followHeap(collector, clock, hasRoom)
    t.same(flags.splice(0), ['--external-memory-accounted-in-global-limit', small])
    const after = async (mib: number): Promise<string[]> => {
      usedHeapBytes = mib * MIB
      await clock.advance(1000)
      return flags.splice(0)
    }
    t.same(await after(60), [])
    t.same(await after(65), ['--heap-growing-percent=25'])
    t.same(await after(50), [], 'not to and fro')
    t.same(await after(47), [small])
    t.same(await after(60), [])
  }
})

test('what the start has left is collected, once', async (t) => {
  const clock = new FakeClock()
  let collections = 0
  followHeap({ usedHeapBytes: () => 0, setFlag() {}, collectThoroughly: () => collections++ }, clock, true)
  t.equal(collections, 0)
  await clock.advance(1000)
  t.equal(collections, 1)
  await clock.advance(60_000)
  t.equal(collections, 1)
})

/** How often everything is collected while 300 MB of texts come and go beside 60 MB that stay. */
const SCRIPT = `
  const v8 = require('node:v8')
  const { PerformanceObserver, constants } = require('node:perf_hooks')
  const kept = Array.from({ length: 60 }, () => new Array(131072).fill(0).map(Math.random))
  global.gc()
  for (const flag of process.argv.slice(1)) v8.setFlagsFromString(flag)
  global.gc()
  let major = 0
  new PerformanceObserver((list) => {
    for (const { detail } of list.getEntries()) if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) major++
  }).observe({ entryTypes: ['gc'] })
  const passing = []
  for (let i = 0; i < 300; i++) passing[i % 10] = new Array(131072).fill(0).map(Math.random)
  setTimeout(() => console.log(major, kept.length, passing.length), 10)
`

test('V8 takes both flags while it runs, and collects more often', async (t) => {
  const skip = Number.parseInt(process.versions.v8, 10) < 14 && 'an older V8'
  if (skip) return t.pass(skip)
  const run = async (...flags: string[]): Promise<number> => {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--expose-gc', '-e', SCRIPT, ...flags])
    t.equal(stderr, '')
    return Number.parseInt(stdout, 10)
  }
  const usual = await run('--external-memory-accounted-in-global-limit')
  const byAQuarter = await run('--external-memory-accounted-in-global-limit', '--heap-growing-percent=25')
  t.ok(byAQuarter > usual, `${byAQuarter} > ${usual}`)
})
