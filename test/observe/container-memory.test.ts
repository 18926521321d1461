import { totalmem } from 'node:os'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { containerMemory, heapMibOf, payloadBytesOf } from '../../src/observe/container-memory.ts'

const MIB = 1024 * 1024
const TOTAL = 8 * 1024 * MIB
/** What version 1 says where there is no limit: 2^63 less a page. */
const V1_NONE = '9223372036854771712\n'

/** Files by path, as a tree; the limit found in it, its source without the tree's own place. */
function limitIn(t: Test, files: Readonly<Record<string, string>>, constrainedBytes?: number) {
  const tree: Record<string, unknown> = {}
  for (const [path, text] of Object.entries(files)) {
    const steps = path.split('/')
    let folder = tree
    for (const step of steps.slice(0, -1)) folder = (folder[step] ??= {}) as Record<string, unknown>
    folder[steps.at(-1)!] = text
  }
  const root = t.testdir(tree as Parameters<Test['testdir']>[0])
  const found = containerMemory({ root, totalBytes: TOTAL, constrainedBytes })
  return found && [found.limitBytes / MIB, found.source]
}

const v2Mount = (root = '/', point = '/sys/fs/cgroup') =>
  `22 28 0:21 / /sys rw,nosuid - sysfs sysfs rw\n33 22 0:28 ${root} ${point} rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n`
const v1Mount = (root = '/', point = '/sys/fs/cgroup/memory') =>
  `31 22 0:27 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n36 31 0:31 /x /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n37 31 0:33 ${root} ${point} rw master:11 - cgroup cgroup rw,memory\n`

test('version 2 in a namespace, as containers have it: the mount is their own cgroup', async (t) => {
  const proc = { 'proc/self/cgroup': '0::/\n', 'proc/self/mountinfo': v2Mount() }
  const of = (files: Record<string, string>) =>
    limitIn(
      t,
      Object.fromEntries([
        ...Object.entries(proc),
        ...Object.entries(files).map(([name, text]) => [`sys/fs/cgroup/${name}`, text]),
      ]),
    )
  t.strictSame(of({ 'memory.max': `${256 * MIB}\n`, 'memory.high': 'max\n' }), [256, '/sys/fs/cgroup/memory.max'])
  t.strictSame(of({ 'memory.max': `${256 * MIB}\n`, 'memory.high': `${200 * MIB}\n` }), [
    200,
    '/sys/fs/cgroup/memory.high',
  ])
  t.equal(of({ 'memory.max': 'max\n', 'memory.high': 'max\n' }), undefined)
  t.equal(of({ 'memory.max': '18446744073709551615\n' }), undefined)
  t.equal(of({ 'memory.max': `${TOTAL}\n` }), undefined, 'what the machine has is no limit')
  t.equal(of({ 'memory.max': '0\n' }), undefined)
  t.equal(of({ 'memory.max': 'nonsense' }), undefined)
  t.equal(of({ 'memory.max': '' }), undefined)
  t.equal(of({}), undefined, 'the root of the tree has no such file')
})

test('version 2, nested: the smallest of all that are above', async (t) => {
  const at = '/kubepods.slice/pod1/cri-1'
  const files = {
    'proc/self/cgroup': `0::${at}\n`,
    'proc/self/mountinfo': v2Mount(),
    [`sys/fs/cgroup${at}/memory.max`]: 'max\n',
    'sys/fs/cgroup/kubepods.slice/pod1/memory.max': `${512 * MIB}\n`,
    'sys/fs/cgroup/kubepods.slice/memory.max': `${4096 * MIB}\n`,
  }
  t.strictSame(limitIn(t, files), [512, '/sys/fs/cgroup/kubepods.slice/pod1/memory.max'])
  const tighter = { ...files, [`sys/fs/cgroup${at}/memory.max`]: `${128 * MIB}\n` }
  t.strictSame(limitIn(t, tighter), [128, `/sys/fs/cgroup${at}/memory.max`])
  const unit = { ...files, 'proc/self/cgroup': '0::/kubepods.slice/pod1/gone/further\n' }
  t.strictSame(
    limitIn(t, unit),
    [512, '/sys/fs/cgroup/kubepods.slice/pod1/memory.max'],
    'what is not there is passed by',
  )
})

test('version 1: the mount may begin at the container’s own cgroup, and the path at the host’s', async (t) => {
  const at = '/docker/0123abc'
  const folder = 'sys/fs/cgroup/memory'
  const proc = { 'proc/self/cgroup': `5:cpu,cpuacct:${at}\n4:memory:${at}\n1:name=systemd:${at}\n` }
  const bound = { ...proc, 'proc/self/mountinfo': v1Mount(at), [`${folder}/memory.limit_in_bytes`]: `${256 * MIB}\n` }
  t.strictSame(limitIn(t, bound), [256, `/${folder}/memory.limit_in_bytes`])
  const deeper = {
    ...bound,
    'proc/self/cgroup': `4:memory:${at}/inner\n`,
    [`${folder}/inner/memory.limit_in_bytes`]: `${100 * MIB}\n`,
  }
  t.strictSame(limitIn(t, deeper), [100, `/${folder}/inner/memory.limit_in_bytes`])
  const host = { ...proc, 'proc/self/mountinfo': v1Mount(), [`${folder}${at}/memory.limit_in_bytes`]: `${99 * MIB}\n` }
  t.strictSame(limitIn(t, host), [99, `/${folder}${at}/memory.limit_in_bytes`])
})

test('version 1: no limit is a huge number, and what is above the mount shows in memory.stat', async (t) => {
  const folder = 'sys/fs/cgroup/memory'
  const files = {
    'proc/self/cgroup': '4:memory:/ecs/task/container\n',
    'proc/self/mountinfo': v1Mount('/ecs/task/container'),
    [`${folder}/memory.limit_in_bytes`]: V1_NONE,
    [`${folder}/memory.stat`]: `cache 1\nhierarchical_memory_limit ${V1_NONE}total_cache 1\n`,
  }
  t.equal(limitIn(t, files), undefined)
  const task = {
    ...files,
    [`${folder}/memory.stat`]: `cache 1\nhierarchical_memory_limit ${512 * MIB}\ntotal_cache 1\n`,
  }
  t.strictSame(limitIn(t, task), [512, `/${folder}/memory.stat`], 'the limit of a task whose containers have none')
})

test('both versions mounted: version 2 has no memory files then', async (t) => {
  const at = '/process/1'
  const files = {
    'proc/self/cgroup': `4:memory:${at}\n0::/\n`,
    'proc/self/mountinfo': `${v1Mount()}${v2Mount('/', '/sys/fs/cgroup/unified')}`,
    [`sys/fs/cgroup/memory${at}/memory.limit_in_bytes`]: `${300 * MIB}\n`,
    'sys/fs/cgroup/unified/cgroup.procs': '1\n',
  }
  t.strictSame(limitIn(t, files), [300, `/sys/fs/cgroup/memory${at}/memory.limit_in_bytes`])
})

test('paths that lead out of a namespace are not followed', async (t) => {
  const files = {
    'proc/self/cgroup': '0::/../../other\n',
    'proc/self/mountinfo': v2Mount(),
    'sys/fs/cgroup/memory.max': `${256 * MIB}\n`,
    'other/memory.max': `${MIB}\n`,
  }
  t.strictSame(limitIn(t, files), [256, '/sys/fs/cgroup/memory.max'])
  const mounted = { ...files, 'proc/self/cgroup': '0::/\n', 'proc/self/mountinfo': v2Mount('/../..') }
  t.strictSame(limitIn(t, mounted), [256, '/sys/fs/cgroup/memory.max'])
  const foreign = { ...files, 'proc/self/cgroup': '0::/a\n', 'proc/self/mountinfo': v2Mount('/b') }
  t.strictSame(limitIn(t, foreign), [256, '/sys/fs/cgroup/memory.max'], 'a mount of another part')
})

test('a mount point with a blank in it', async (t) => {
  const files = {
    'proc/self/cgroup': '0::/\n',
    'proc/self/mountinfo': v2Mount('/', '/sys/fs/c\\040group'),
    'sys/fs/c group/memory.max': `${256 * MIB}\n`,
  }
  t.strictSame(limitIn(t, files), [256, join('/sys/fs', 'c group', 'memory.max')])
})

test('without cgroups the runtime is asked; its absurd numbers are none', async (t) => {
  t.strictSame(limitIn(t, {}, 256 * MIB), [256, 'the runtime'])
  for (const none of [undefined, 0, 2 ** 63 - 4096, 2 ** 64, TOTAL, TOTAL + 1]) t.equal(limitIn(t, {}, none), undefined)
  const here = containerMemory()
  t.ok(here === undefined || (here.limitBytes > 0 && here.limitBytes < totalmem()))
})

test('the heap leaves half of the container to payload, and something in any', async (t) => {
  for (const [limitMib, heapMib] of [
    [64, 48],
    [128, 48],
    [256, 96],
    [512, 224],
    [1024, 480],
    [2048, 992],
    [65_536, 4096],
  ] as const)
    t.equal(heapMibOf(limitMib * MIB), heapMib, `${limitMib}`)
})

test('half of what the agent leaves is for payload, and something in any', async (t) => {
  for (const [limitMib, payloadMib] of [
    [64, 8],
    [116, 8],
    [128, 14],
    [256, 78],
    [512, 206],
    [4096, 1998],
  ] as const)
    t.equal(payloadBytesOf(limitMib * MIB), payloadMib * MIB, `${limitMib}`)
})
