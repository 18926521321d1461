// System calls that Node has no function for, where the running Node can make them: by `node:ffi`, on Linux.
// Where it cannot, nothing is missing but speed, and sockets of the kind `unixgram`.
import type ffiModule from 'node:ffi'

export type Kernel = ReturnType<typeof load>

let loaded: Kernel | undefined
let isLoaded = false

/** Undefined where there is no such thing: `--no-experimental-ffi`, another system, an older Node. */
export function kernel(): Kernel | undefined {
  if (isLoaded) return loaded
  isLoaded = true
  // What the calls take is laid out as on 64-bit Linux, little-endian.
  if (process.platform !== 'linux' || (process.arch !== 'x64' && process.arch !== 'arm64')) return undefined
  try {
    loaded = withoutWarning(load)
  } catch {
    // This Node does not have it, or the permission model forbids it.
  }
  return loaded
}

function load() {
  const ffi = process.getBuiltinModule('node:ffi') as typeof ffiModule
  // null: what is loaded already, the C library among it.
  const { functions } = ffi.dlopen(null, {
    socket: { arguments: ['int32', 'int32', 'int32'], return: 'int32' },
    bind: { arguments: ['int32', 'pointer', 'uint32'], return: 'int32' },
    setsockopt: { arguments: ['int32', 'int32', 'int32', 'pointer', 'uint32'], return: 'int32' },
    getsockopt: { arguments: ['int32', 'int32', 'int32', 'pointer', 'pointer'], return: 'int32' },
    getsockname: { arguments: ['int32', 'pointer', 'pointer'], return: 'int32' },
    recvmmsg: { arguments: ['int32', 'pointer', 'uint32', 'int32', 'pointer'], return: 'int32' },
    fcntl: { arguments: ['int32', 'int32', 'int32'], return: 'int32' },
    dup3: { arguments: ['int32', 'int32', 'int32'], return: 'int32' },
    close: { arguments: ['int32'], return: 'int32' },
    _exit: { arguments: ['int32'], return: 'void' },
  })
  return {
    ...functions,
    /** Where these bytes are. They stay there as long as somebody holds on to them. */
    addressOf: (bytes: Uint8Array): bigint => ffi.getRawPointer(bytes),
  }
}

/** That the module is experimental is known here, and nothing that a user could change. */
function withoutWarning<T>(run: () => T): T {
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    return run()
  } finally {
    process.emitWarning = emitWarning
  }
}
