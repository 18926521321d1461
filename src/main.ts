#!/usr/bin/env node
// argv -> command -> exit code. Nothing is imported before the version of Node is known to do, and its heap is as it should be.

const LEAST = [22, 18] as const
/**
 * What V8 and malloc read only at the start of a process; when V8 collects is set later (cli/collecting.ts).
 *
 * Young objects get 8 MiB instead of up to 32: payloads die young, and are given back sooner. Measured under load with requests
 * of 100 spans: peak RSS 159 -> 129 MB at the same CPU.
 */
const HEAP_FLAG = '--max-semi-space-size'
const HEAP_MIB = 8
/** In all its spellings. With a limit of the user's own, there is none of the container's. */
const LIMIT_FLAG = /--max[-_](old[-_]space|heap)[-_]size/
/**
 * A signal would open a debugger, and with it the memory and the secrets in it, to everyone on the machine.
 */
const CLOSING_FLAGS = ['--disable-sigusr1']
/** The first V8 whose Node is known to have it: a flag that is not known ends the process. */
const FLAGS_SINCE_V8 = 14
/** Objects without `__proto__`: what a request names so reaches no prototype, whatever a library does with it. */
const PROTO_FLAG = '--disable-proto'
/**
 * glibc keeps an arena for each thread, and after the first large buffer that is freed puts large ones among the small ones, where what is freed is
 * kept. A mebibyte holds nearly every request: at a quarter of that, each of 400 KB was memory that the kernel had to clear (a third more CPU).
 * What the user sets stays; another malloc does not look at these.
 */
const MALLOC: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '1048576',
  MALLOC_TRIM_THRESHOLD_: '1048576',
}

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

if (major < LEAST[0] || (major === LEAST[0] && minor < LEAST[1])) {
  process.stderr.write(
    `sluice: needs Node ${LEAST.join('.')} or newer, this is ${process.version}. ` +
      'In a clone of sluice, "npx sluice" and "npm start" find the one that comes with it; another project brings its own with ' +
      '"npm pkg set allowScripts.node=true --json" and "npm install --save-dev node@26". [node_too_old]\n',
  )
  process.exitCode = 2
} else {
  if (isAgent(process.argv[2]) && !isSet(HEAP_FLAG)) await becomeSelfWithHeap()
  const { main } = await import('./cli/program.ts')
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  await main(process.argv, new URL(`./plugin.${extension}`, import.meta.url))
}

/** `run`, or options of it without its name; what lives for a moment only keeps the heap that it has. */
function isAgent(first: string | undefined): boolean {
  return first === 'run' || (first?.startsWith('-') === true && !['-h', '--help', '-V', '--version'].includes(first))
}

function isSet(flag: string | RegExp): boolean {
  return [...process.execArgv, process.env.NODE_OPTIONS ?? ''].some((option) => option.search(flag) >= 0)
}

/** The same process, started anew. Where that cannot be had (Windows) it goes on as it is. */
async function becomeSelfWithHeap(): Promise<void> {
  if (process.platform === 'win32' || process.execve === undefined) return
  const isNewEnough = Number.parseInt(process.versions.v8, 10) >= FLAGS_SINCE_V8
  const flags = [`${HEAP_FLAG}=${HEAP_MIB}`, ...(isNewEnough ? CLOSING_FLAGS : []), ...(await heapLimit())]
  if (!isSet(PROTO_FLAG)) flags.push(`${PROTO_FLAG}=delete`)
  const args = [process.execPath, ...process.execArgv, ...flags, ...process.argv.slice(1)]
  process.execve(process.execPath, args, { ...MALLOC, ...process.env })
}

async function heapLimit(): Promise<string[]> {
  if (isSet(LIMIT_FLAG)) return []
  const { containerMemory, heapMibOf } = await import('./observe/container-memory.ts')
  const found = containerMemory()
  return found === undefined ? [] : [`--max-old-space-size=${heapMibOf(found.limitBytes)}`]
}
