import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type Test, test } from 'tap'
import * as v from 'valibot'
import { telemetrySettings } from '../../src/config/index.ts'
import { Accounts } from '../../src/observe/accounts.ts'
import { HeldPayload } from '../../src/observe/memory.ts'
import { startMetrics } from '../../src/observe/metrics.ts'
import { testSettings } from '../../src/testing/index.ts'

const RESOURCE = { attributes: {}, schemaUrl: undefined }
const RUNTIME = /^(nodejs|v8js)_/

/** What one page says now: series to value. */
async function started(t: Test, level: string): Promise<() => Promise<Map<string, number>>> {
  const readers = [{ pull: { exporter: { prometheus: { host: '127.0.0.1', port: 0 } } } }]
  const settings = v.parse(telemetrySettings, { metrics: { level, readers } })
  const own = await startMetrics(settings.metrics, {
    accounts: new Accounts(),
    memory: new HeldPayload(),
    resource: RESOURCE,
    log: testSettings().log,
  })
  t.teardown(() => own.stop())
  return async () => {
    const page = await (await fetch(own.endpoints[0]!)).text()
    const samples = page.split('\n').filter((line) => RUNTIME.test(line))
    return new Map(samples.map((line) => [line.replace(/ \S+$/, ''), Number(/\S+$/.exec(line)![0])]))
  }
}

const namesOf = (samples: Map<string, number>): string[] =>
  [...new Set([...samples.keys()].map((series) => series.replace(/\{.*/, '')))].sort()

const AT_NORMAL = [
  ...['max', 'mean', 'min', 'p50', 'p90', 'p99', 'stddev'].map((name) => `nodejs_eventloop_delay_${name}`),
  'nodejs_eventloop_time',
  'nodejs_eventloop_utilization',
  'v8js_memory_heap_limit',
]
const AT_DETAILED = ['used', 'space_available_size', 'space_physical_size', 'space_size'].map(
  (name) => `v8js_memory_heap_${name}`,
)
const withoutCollections = (names: readonly string[]): string[] => names.filter((name) => !name.startsWith('v8js_gc_'))

test('at basic the runtime is not watched, at normal it is, at detailed each space of the heap is shown', async (t) => {
  t.same(namesOf(await (await started(t, 'basic'))()), [])
  t.same(withoutCollections(namesOf(await (await started(t, 'normal'))())), AT_NORMAL)
  const detailed = await (await started(t, 'detailed'))()
  t.same(withoutCollections(namesOf(detailed)), [...AT_NORMAL, ...AT_DETAILED].sort())
  t.ok(detailed.get('v8js_memory_heap_used{v8js_heap_space_name="old_space"}')! > 1e6)
  t.ok(detailed.get('v8js_memory_heap_limit')! > 1e7)
})

test('a garbage collection is in the histogram of its type', async (t) => {
  const scrape = await started(t, 'normal')
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  let major: number | undefined
  while (major === undefined) {
    collect()
    major = (await scrape()).get('v8js_gc_duration_count{v8js_gc_type="major"}')
  }
  t.ok(major > 0)
  t.ok((await scrape()).get('v8js_gc_duration_sum{v8js_gc_type="major"}')! > 0)
})

test('an event loop that was held up shows by how much', async (t) => {
  const scrape = await started(t, 'normal')
  let samples = await scrape()
  while (!(samples.get('nodejs_eventloop_delay_max')! > 0.1)) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300)
    samples = await scrape()
  }
  t.ok(samples.get('nodejs_eventloop_delay_p99')! >= samples.get('nodejs_eventloop_delay_p50')!)
  const utilization = samples.get('nodejs_eventloop_utilization')!
  t.ok(utilization >= 0 && utilization <= 1, `${utilization}`)
  t.ok(samples.get('nodejs_eventloop_time{nodejs_eventloop_state="active"}')! > 0)
})
