// F26 with the system's own resolver: two names whose server never answers hold both threads that libuv has for names. In a
// network of its own, whose only name server is the test's.
import { execFile, execFileSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import { test } from 'tap'
import { kernel } from '../../src/net/kernel.ts'

const ENTER = ['--map-root-user', '--net', '--mount', 'sh', '-c']
const READY = 'ip link set lo up && mount --bind "$0" /etc/resolv.conf'

/** Says what is done, in order; ends when the good name has been found. */
const PROGRAM = `
import { createSocket } from 'node:dgram'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gzip, zstdCompress } from 'node:zlib'
import { lookupAll, sharedLookup } from '${resolve('src/net/lookup.ts')}'
import { leave } from '${resolve('src/cli/leave.ts')}'
import { systemClock } from '${resolve('src/observe/clock.ts')}'

const server = createSocket('udp4')
server.on('message', (query, { port, address }) => {
  const end = query.indexOf(0, 12) + 5
  if (query.toString('latin1', 13, 13 + query[12]).startsWith('hangs')) return
  const isV4 = query.readUInt16BE(end - 4) === 1
  const header = Buffer.alloc(12)
  query.copy(header, 0, 0, 2)
  header.writeUInt16BE(0x8180, 2)
  header.writeUInt16BE(1, 4)
  header.writeUInt16BE(isV4 ? 1 : 0, 6)
  const record = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 10, 1, 2, 3]
  server.send(Buffer.concat([header, query.subarray(12, end), Buffer.from(isV4 ? record : [])]), port, address)
})
server.bind(53, '127.0.0.1', async () => {
  const find = (name) => lookupAll(sharedLookup(systemClock), name)
  const say = (what) => () => console.log(what)
  const hanging = ['hangs1.test', 'hangs2.test', 'hangs3.test'].map((name) => find(name).then(say(name), say(name)))
  const bytes = Buffer.alloc(1e6)
  const work = [promisify(gzip)(bytes), promisify(zstdCompress)(bytes), readFile('/etc/hosts')]
  const found = find('good.test')
  await Promise.all(work)
  console.log('compressed and read')
  console.log((await found)[0].address)
  leave(7)
})
`

const hasFfi = kernel() !== undefined

function cannotEnter(): string | false {
  try {
    execFileSync('unshare', [...ENTER, READY, '/dev/null'], { stdio: 'pipe' })
    return false
  } catch {
    return 'needs a network namespace of its own'
  }
}

test('F26: with the system’s resolver, too, two names that hang keep neither files and compression nor a third name', {
  skip: cannotEnter(),
}, async (t) => {
  const folder = t.testdir({
    'resolv.conf': 'nameserver 127.0.0.1\noptions timeout:30 attempts:3\n',
    'program.mjs': PROGRAM,
  })
  const command = `${READY} && exec "$1" "$2"`
  const args = [...ENTER, command, join(folder, 'resolv.conf'), process.execPath, join(folder, 'program.mjs')]
  const { code, output } = await new Promise<{ code: unknown; output: string }>((done) =>
    execFile('unshare', args, { timeout: 60_000 }, (error, stdout, stderr) =>
      done({ code: error?.code, output: stdout + stderr }),
    ),
  )
  t.same(output.trim().split('\n'), ['compressed and read', '10.1.2.3'])
  if (!hasFfi) return
  t.equal(code, 7, 'and the process does not wait for them when it ends')
})
