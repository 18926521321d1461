// Hosts as files: what an instance of ECS has under /rootfs, with either version of cgroups.

const MIB = 1024 * 1024
export const CLUSTER = 'shop'
export const UNLIMITED = '9223372036854771712\n'

type Tree = { [name: string]: string | Tree }

const cpuinfo = 'processor\t: 0\nmodel name\t: Xeon\n\nprocessor\t: 1\nmodel name\t: Xeon\n'
const meminfo = [
  ['MemTotal', 4096 * 1024],
  ['MemFree', 1024 * 1024],
  ['Cached', 512 * 1024],
  ['Inactive(file)', 256 * 1024],
  ['AnonPages', 700 * 1024],
  ['Mapped', 90 * 1024],
  ['SwapTotal', 100],
  ['SwapFree', 40],
]
  .map(([name, kb]) => `${name}:  ${kb} kB\n`)
  .join('')
const diskstats = ' 259       0 nvme0n1 1 2 3 4\n 259       1 nvme0n1p1 1 2 3 4\n'

/** `turn` is how often everything has moved on. */
const netDev = (turn: number): string => `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 999 9 0 0 0 0 0 0 999 9 0 0 0 0 0 0
docker0: 999 9 0 0 0 0 0 0 999 9 0 0 0 0 0 0
veth1a2: 999 9 0 0 0 0 0 0 999 9 0 0 0 0 0 0
  eth0: ${1000 + turn * 6000} ${10 + turn * 60} 1 2 0 0 0 0 ${500 + turn * 3000} ${5 + turn * 30} ${turn * 10} 0 0 0 0 0
  eth1:${100 + turn * 1000} 1 0 0 0 0 0 0 50 1 0 0 0 0 0 0
`
const stat = (turn: number): string =>
  `cpu  ${1000 + turn * 300} 0 ${500 + turn * 100} 9 9 ${turn * 50} ${turn * 50} 7 0 0\ncpu0 1 2\n`

const mountinfo = `22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 0:40 / / rw,relatime - overlay overlay rw
31 27 259:1 /x /etc/hosts rw,relatime shared:1 - ext4 /dev/nvme0n1p1 rw
32 27 259:1 /y /etc/resolv.conf rw,relatime - ext4 /dev/nvme0n1p1 rw
33 27 259:3 / /mnt/my\\040data rw - xfs /dev/nvme1n1 rw
34 27 259:4 / /gone rw - xfs /dev/nvme2n1 rw
35 27 0:30 / /dev/shm rw - tmpfs tmpfs rw
a line of something else
`

const proc = (turn: number): Tree => ({
  cpuinfo,
  meminfo,
  diskstats,
  stat: stat(turn),
  1: { net: { dev: netDev(turn) } },
})

/** A text that begins with an arrow is a link. */
const onHost = (tree: Tree): Tree => ({
  rootfs: { ...tree, dev: { xvda: '-> nvme0n1' } },
  proc: { self: { mountinfo } },
})

export function v1(turn: number): Tree {
  const blkio = (read: number, write: number): string =>
    ['Read', 'Write', 'Sync', 'Async'].map((name, at) => `259:0 ${name} ${at % 2 === 0 ? read : write}\n`).join('') +
    `259:0 Total ${read + write}\nTotal ${read + write}\n`
  return onHost({
    proc: proc(turn),
    sys: {
      fs: {
        cgroup: {
          cpuacct: {
            'cpuacct.usage': `${5e9 + turn * 6e9}\n`,
            'cpuacct.stat': `user ${100 + turn * 400}\nsystem ${50 + turn * 200}\n`,
          },
          memory: {
            'memory.usage_in_bytes': `${2048 * MIB}\n`,
            'memory.max_usage_in_bytes': `${3000 * MIB}\n`,
            'memory.failcnt': '3\n',
            'memory.stat': [
              'cache 1',
              'rss 1',
              `pgfault ${turn * 100}`,
              `pgmajfault ${turn * 10}`,
              `total_cache ${500 * MIB}`,
              `total_rss ${900 * MIB}`,
              'total_swap 0',
              `total_mapped_file ${MIB}`,
              `total_pgfault ${turn * 1000}`,
              `total_pgmajfault ${turn * 50}`,
              `total_inactive_file ${1024 * MIB}`,
            ].join('\n'),
            ecs: {
              t1: { 'memory.limit_in_bytes': `${512 * MIB}\n` },
              shop: {
                t2: {
                  'memory.limit_in_bytes': UNLIMITED,
                  c1: { 'memory.soft_limit_in_bytes': `${128 * MIB}\n`, 'memory.limit_in_bytes': `${999 * MIB}\n` },
                  c2: { 'memory.soft_limit_in_bytes': UNLIMITED, 'memory.limit_in_bytes': `${384 * MIB}\n` },
                  c3: { 'memory.soft_limit_in_bytes': UNLIMITED, 'memory.limit_in_bytes': UNLIMITED },
                },
              },
            },
          },
          cpu: {
            ecs: {
              t1: { 'cpu.cfs_quota_us': '50000\n', 'cpu.cfs_period_us': '100000\n', 'cpu.shares': '9\n' },
              shop: { t2: { 'cpu.cfs_quota_us': '-1\n', 'cpu.cfs_period_us': '100000\n', 'cpu.shares': '256\n' } },
              t3: { 'cpu.cfs_quota_us': '-1\n', 'cpu.shares': '2\n' },
            },
          },
          blkio: {
            'blkio.io_service_bytes_recursive': 'Total 0\n',
            'blkio.throttle.io_service_bytes': blkio(turn * 12_000, turn * 6000),
            'blkio.throttle.io_serviced': blkio(turn * 120, turn * 60),
          },
        },
      },
    },
  })
}

export function v2(turn: number): Tree {
  const scope = (low: string, max: string): Tree => ({ 'memory.low': low, 'memory.max': max })
  return onHost({
    proc: proc(turn),
    sys: {
      fs: {
        cgroup: {
          'cgroup.controllers': 'cpu io memory\n',
          'cpu.stat': `usage_usec ${5e6 + turn * 6e6}\nuser_usec ${turn * 4e6}\nsystem_usec ${turn * 2e6}\n`,
          'memory.stat': `anon ${900 * MIB}\nfile ${500 * MIB}\nfile_mapped ${MIB}\ninactive_file ${1024 * MIB}\npgfault ${turn * 100}\npgmajfault ${turn * 10}\n`,
          'io.stat': `259:0 rbytes=${turn * 12_000} wbytes=${turn * 6000} rios=${turn * 120} wios=${turn * 60} dbytes=0 dios=0\n7:0 \n`,
          'ecstasks.slice': {
            'ecstasks-t1.slice': { 'cpu.max': '50000 100000\n', 'cpu.weight': '1\n', 'memory.max': `${512 * MIB}\n` },
            'ecstasks-t2.slice': {
              'cpu.max': 'max 100000\n',
              'cpu.weight': '10\n',
              'memory.max': 'max\n',
              'docker-c1.scope': scope(`${128 * MIB}\n`, 'max\n'),
              'docker-c2.scope': scope('0\n', `${384 * MIB}\n`),
              'docker-c3.scope': scope('0\n', 'max\n'),
            },
            'ecstasks-t3.slice': { 'cpu.max': 'max 100000\n', 'cpu.weight': '1\n', 'memory.max': 'max\n' },
          },
        },
      },
    },
  })
}

/** A container that sees nothing of the host: its own cgroup is at the root. */
export const alone = (turn: number): Tree => ({
  proc: { ...proc(turn), self: { mountinfo } },
  sys: {
    fs: {
      cgroup: {
        'cgroup.controllers': 'cpu io memory\n',
        'cgroup.type': 'domain\n',
        'cpu.stat': 'usage_usec 1\n',
        'memory.stat': 'anon 1\nfile 1\n',
        'io.stat': '259:0 rbytes=1 wbytes=1 rios=1 wios=1\n',
      },
    },
  },
})
